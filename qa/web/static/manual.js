// Shows the description of the API with Swagger UI.
"use strict";

addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("manual");
  SwaggerUIBundle({ url: place.dataset.description, domNode: place, deepLinking: true, validatorUrl: null });
});
