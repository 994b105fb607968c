// Put this page's box in place: <script src="https://answers.example/widget.js" async></script>
"use strict";
(() => {
  const script = document.currentScript;
  const frame = document.createElement("iframe");
  frame.src = new URL({{ address|tojson }}, script.src).href;
  frame.title = script.dataset.title || "Candor";
  frame.loading = "lazy";
  frame.style.cssText = `width:100%;height:${script.dataset.height || "32rem"};border:0`;
  script.after(frame);
})();
