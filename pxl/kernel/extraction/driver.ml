(* Gives texts to the extracted checkers, and their answer as one line.

   Nothing here judges: a text is refused when it is no text for a checker, and
   otherwise handed on character by character, as it is. *)

type answer =
  | Accepted
  | Rejected
  | Declined of string

let max_chars = 16 * 1024 * 1024

let checker kind verdict =
  match kind, verdict with
  | "pxl", "proved" -> Some Checkers.verify_proved
  | "pxl", "refuted" -> Some Checkers.verify_refuted
  | "modal", "proved" -> Some Checkers.verify_entailed
  | "modal", "refuted" -> Some Checkers.verify_not_entailed
  | "chrono", "proved" -> Some Checkers.verify_holds
  | "chrono", "refuted" -> Some Checkers.verify_fails
  | _ -> None

let characters text =
  let rec from i rest = if i < 0 then rest else from (i - 1) (text.[i] :: rest) in
  from (String.length text - 1) []

let all_within low high text =
  let rec from i = i < 0 || (low <= text.[i] && text.[i] <= high && from (i - 1)) in
  from (String.length text - 1)

let complaint what low high text =
  if text = "" then Some ("the " ^ what ^ " is empty")
  else if String.length text > max_chars then Some ("the " ^ what ^ " has more than 16 MiB")
  else if not (all_within low high text) then Some ("the " ^ what ^ " has a character that none has")
  else None

let judge kind verdict question certificate =
  match checker kind verdict with
  | None -> Declined "the kinds are pxl, modal and chrono, the verdicts proved and refuted"
  | Some check ->
    match complaint "question" ' ' '~' question, complaint "certificate" '0' 'o' certificate with
    | Some reason, _ | None, Some reason -> Declined reason
    | None, None ->
      try if check (characters question) (characters certificate) then Accepted else Rejected with
      | Stack_overflow -> Declined "it needs more stack than there is"
      | Out_of_memory -> Declined "it needs more memory than there is"

let line kind verdict = function
  | Accepted -> String.concat " " ["accepted"; kind; verdict]
  | Rejected -> String.concat " " ["rejected"; kind; verdict]
  | Declined reason -> "declined " ^ reason
