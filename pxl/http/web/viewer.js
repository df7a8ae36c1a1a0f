// Nothing is loaded from elsewhere: validatorUrl would send the description to a service.
window.addEventListener("load", () => {
  window.viewer = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#viewer",
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
