// Makes the checker known as pxlCheck: to a page, to a worker, and to a program that requires the file.

//Provides: pxl_provide
//Requires: caml_js_wrap_callback, caml_string_of_jsbytes, caml_jsbytes_of_string
function pxl_provide(check) {
  var judge = caml_js_wrap_callback(check);
  function pxlCheck(kind, verdict, question, certificate) {
    var texts = [kind, verdict, question, certificate];
    for (var i = 0; i < 4; i++) {
      // Characters above 255 would be no bytes.
      if (typeof texts[i] !== "string" || /[^\x20-\x7e]/.test(texts[i]))
        return "declined an argument is not a text of printable ASCII characters";
      texts[i] = caml_string_of_jsbytes(texts[i]);
    }
    return caml_jsbytes_of_string(judge.apply(null, texts));
  }
  globalThis.pxlCheck = pxlCheck;
  if (typeof module === "object" && module.exports) module.exports = { pxlCheck: pxlCheck };
  return 0;
}
