(* pxl-check: four lines on standard input, one on standard output; see docs/kernel.md. *)

let max_bytes = 2 * Driver.max_chars + 64

exception Malformed of string

let read_all () =
  let buffer = Buffer.create 65536 and piece = Bytes.create 65536 in
  let rec more () =
    match input stdin piece 0 (Bytes.length piece) with
    | 0 -> Buffer.contents buffer
    | n ->
      if Buffer.length buffer + n > max_bytes then raise (Malformed "the input has more than 32 MiB");
      Buffer.add_subbytes buffer piece 0 n;
      more () in
  more ()

let () =
  set_binary_mode_in stdin true;
  let answer, said =
    match String.split_on_char '\n' (read_all ()) with
    | [kind; verdict; question; certificate; ""] ->
      let answer = Driver.judge kind verdict question certificate in
      answer, Driver.line kind verdict answer
    | _ ->
      let answer = Driver.Declined "the input is not four lines: kind, verdict, question, certificate" in
      answer, Driver.line "" "" answer
    | exception Malformed reason -> Driver.Declined reason, "declined " ^ reason
    | exception Out_of_memory -> Driver.Declined "", "declined it needs more memory than there is" in
  print_string said;
  print_newline ();
  exit (match answer with Driver.Accepted -> 0 | Driver.Rejected -> 1 | Driver.Declined _ -> 2)
