(* pxl-check.js: the function pxlCheck, which browser.js makes known. *)

external provide : (string -> string -> string -> string -> string) -> unit = "pxl_provide"

let () =
  provide (fun kind verdict question certificate ->
    Driver.line kind verdict (Driver.judge kind verdict question certificate))
