(** * The canonical text of a formula

    [print] writes a formula as the server shows it, and [parse] reads it back
    ([Canonical] proves that), so equal texts are equal formulas. *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Form.
Import ListNotations.
Local Open Scope byte_scope.

Definition text : Type := list byte.

(** ** Printing

    Each function writes in front of the text [k] that follows, so the cost is
    linear. Atom [n] is [p] and [n] in decimal. *)
Fixpoint put_digits (u : Decimal.uint) (k : text) : text :=
  match u with
  | Decimal.Nil => k
  | Decimal.D0 u => "0" :: put_digits u k
  | Decimal.D1 u => "1" :: put_digits u k
  | Decimal.D2 u => "2" :: put_digits u k
  | Decimal.D3 u => "3" :: put_digits u k
  | Decimal.D4 u => "4" :: put_digits u k
  | Decimal.D5 u => "5" :: put_digits u k
  | Decimal.D6 u => "6" :: put_digits u k
  | Decimal.D7 u => "7" :: put_digits u k
  | Decimal.D8 u => "8" :: put_digits u k
  | Decimal.D9 u => "9" :: put_digits u k
  end.

(** [nested] formulas have parentheses around a binary connective. *)
Fixpoint put (nested : bool) (f : form) (k : text) : text :=
  let binary a op b :=
    if nested then "(" :: put true a (op (put true b (")" :: k)))
    else put true a (op (put true b k)) in
  match f with
  | Atom p => "p" :: put_digits (Pos.to_uint p) k
  | Bot => "B" :: "O" :: "T" :: k
  | Neg a => "~" :: put true a k
  | Conj a b => binary a (fun k => " " :: "/" :: "\" :: " " :: k) b
  | Disj a b => binary a (fun k => " " :: "\" :: "/" :: " " :: k) b
  | Impl a b => binary a (fun k => " " :: "-" :: ">" :: " " :: k) b
  | Iff a b => binary a (fun k => " " :: "<" :: "-" :: ">" :: " " :: k) b
  | Box a => "B" :: "O" :: "X" :: "(" :: put false a (")" :: k)
  | Dia a => "D" :: "I" :: "A" :: "(" :: put false a (")" :: k)
  end.

Definition print (f : form) : text := put false f [].

(** ** Parsing

    One pass with a stack of what is open, so the cost is linear and nesting
    costs no stack of the machine. It also takes parentheses that the canonical
    text would not have. *)
Inductive frame : Type :=
| Negation
| Bracket (close : form -> form)
| Left (op : form -> form -> form) (a : form).

(** [Want]: a formula begins here. [Number n]: in the digits of an atom.
    [Have f]: [f] has just ended. *)
Inductive mode : Type := Want | Number (n : N) | Have (f : form).

Fixpoint negate (f : form) (stack : list frame) : form * list frame :=
  match stack with
  | Negation :: stack => negate (Neg f) stack
  | _ => (f, stack)
  end.

(** What ends here: a formula and the stack, with its binary connective done. *)
Definition finish (m : mode) (stack : list frame) : option (form * list frame) :=
  let close '(f, stack) :=
    match stack with Left op a :: stack => (op a f, stack) | _ => (f, stack) end in
  match m with
  | Want | Number N0 => None
  | Number (Npos p) => Some (close (negate (Atom p) stack))
  | Have f => Some (close (negate f stack))
  end.

(** The same, for the left side of a binary connective. *)
Definition operand (m : mode) (stack : list frame) : option (form * list frame) :=
  match m with
  | Want | Number N0 => None
  | Number (Npos p) => Some (negate (Atom p) stack)
  | Have f => Some (negate f stack)
  end.

Definition digit (b : byte) : option N :=
  match b with
  | "0" => Some N0
  | "1" => Some (Npos 1)
  | "2" => Some (Npos 2)
  | "3" => Some (Npos 3)
  | "4" => Some (Npos 4)
  | "5" => Some (Npos 5)
  | "6" => Some (Npos 6)
  | "7" => Some (Npos 7)
  | "8" => Some (Npos 8)
  | "9" => Some (Npos 9)
  | _ => None
  end.

(** [10 * n + d] *)
Definition shift (n d : N) : N :=
  match n, d with
  | N0, _ => d
  | Npos p, N0 => Npos (Pos.mul 10 p)
  | Npos p, Npos q => Npos (Pos.add q (Pos.mul 10 p))
  end.

Fixpoint run (t : text) (m : mode) (stack : list frame) {struct t} : option form :=
  match t with
  | [] => match finish m stack with Some (f, []) => Some f | _ => None end
  | b :: t =>
      match m, digit b with
      | Number n, Some d => run t (Number (shift n d)) stack
      | Want, _ =>
          match b, t with
          | "p", _ => run t (Number N0) stack
          | "~", _ => run t Want (Negation :: stack)
          | "(", _ => run t Want (Bracket (fun f => f) :: stack)
          | "B", "O" :: "T" :: t => run t (Have Bot) stack
          | "B", "O" :: "X" :: "(" :: t => run t Want (Bracket Box :: stack)
          | "D", "I" :: "A" :: "(" :: t => run t Want (Bracket Dia :: stack)
          | _, _ => None
          end
      | _, _ =>
          match b with
          | ")" =>
              match finish m stack with
              | Some (f, Bracket close :: stack) => run t (Have (close f)) stack
              | _ => None
              end
          | " " =>
              match operand m stack with
              | Some (a, stack) =>
                  match t with
                  | "/" :: "\" :: " " :: t => run t Want (Left Conj a :: stack)
                  | "\" :: "/" :: " " :: t => run t Want (Left Disj a :: stack)
                  | "-" :: ">" :: " " :: t => run t Want (Left Impl a :: stack)
                  | "<" :: "-" :: ">" :: " " :: t => run t Want (Left Iff a :: stack)
                  | _ => None
                  end
              | None => None
              end
          | _ => None
          end
      end
  end.

Definition parse (t : text) : option form := run t Want [].

(** ** The codes of characters

    Code [c + 16] for character [c], so that in a certificate a character's code
    is the digit in five bits, whether another digit follows in one, and 1. A
    match on characters has 256 cases, and what they contain is walked through
    with each theorem that rests on them ([Byte.to_bits] is twenty times as long):
    so there is this one, and the cases share the low and the high four bits. *)
Definition code : byte -> positive :=
  let h0 := 1%positive in let h1 := 2%positive in let h2 := 3%positive in
  let h3 := 4%positive in let h4 := 5%positive in let h5 := 6%positive in
  let h6 := 7%positive in let h7 := 8%positive in let h8 := 9%positive in
  let h9 := 10%positive in let h10 := 11%positive in let h11 := 12%positive in
  let h12 := 13%positive in let h13 := 14%positive in let h14 := 15%positive in
  let h15 := 16%positive in
  let l0 p := xO (xO (xO (xO p))) in let l1 p := xI (xO (xO (xO p))) in
  let l2 p := xO (xI (xO (xO p))) in let l3 p := xI (xI (xO (xO p))) in
  let l4 p := xO (xO (xI (xO p))) in let l5 p := xI (xO (xI (xO p))) in
  let l6 p := xO (xI (xI (xO p))) in let l7 p := xI (xI (xI (xO p))) in
  let l8 p := xO (xO (xO (xI p))) in let l9 p := xI (xO (xO (xI p))) in
  let la p := xO (xI (xO (xI p))) in let lb p := xI (xI (xO (xI p))) in
  let lc p := xO (xO (xI (xI p))) in let ld p := xI (xO (xI (xI p))) in
  let le p := xO (xI (xI (xI p))) in let lf p := xI (xI (xI (xI p))) in
  fun b => match b with
  | x00 => l0 h0 | x01 => l1 h0 | x02 => l2 h0 | x03 => l3 h0
  | x04 => l4 h0 | x05 => l5 h0 | x06 => l6 h0 | x07 => l7 h0
  | x08 => l8 h0 | x09 => l9 h0 | x0a => la h0 | x0b => lb h0
  | x0c => lc h0 | x0d => ld h0 | x0e => le h0 | x0f => lf h0
  | x10 => l0 h1 | x11 => l1 h1 | x12 => l2 h1 | x13 => l3 h1
  | x14 => l4 h1 | x15 => l5 h1 | x16 => l6 h1 | x17 => l7 h1
  | x18 => l8 h1 | x19 => l9 h1 | x1a => la h1 | x1b => lb h1
  | x1c => lc h1 | x1d => ld h1 | x1e => le h1 | x1f => lf h1
  | x20 => l0 h2 | x21 => l1 h2 | x22 => l2 h2 | x23 => l3 h2
  | x24 => l4 h2 | x25 => l5 h2 | x26 => l6 h2 | x27 => l7 h2
  | x28 => l8 h2 | x29 => l9 h2 | x2a => la h2 | x2b => lb h2
  | x2c => lc h2 | x2d => ld h2 | x2e => le h2 | x2f => lf h2
  | x30 => l0 h3 | x31 => l1 h3 | x32 => l2 h3 | x33 => l3 h3
  | x34 => l4 h3 | x35 => l5 h3 | x36 => l6 h3 | x37 => l7 h3
  | x38 => l8 h3 | x39 => l9 h3 | x3a => la h3 | x3b => lb h3
  | x3c => lc h3 | x3d => ld h3 | x3e => le h3 | x3f => lf h3
  | x40 => l0 h4 | x41 => l1 h4 | x42 => l2 h4 | x43 => l3 h4
  | x44 => l4 h4 | x45 => l5 h4 | x46 => l6 h4 | x47 => l7 h4
  | x48 => l8 h4 | x49 => l9 h4 | x4a => la h4 | x4b => lb h4
  | x4c => lc h4 | x4d => ld h4 | x4e => le h4 | x4f => lf h4
  | x50 => l0 h5 | x51 => l1 h5 | x52 => l2 h5 | x53 => l3 h5
  | x54 => l4 h5 | x55 => l5 h5 | x56 => l6 h5 | x57 => l7 h5
  | x58 => l8 h5 | x59 => l9 h5 | x5a => la h5 | x5b => lb h5
  | x5c => lc h5 | x5d => ld h5 | x5e => le h5 | x5f => lf h5
  | x60 => l0 h6 | x61 => l1 h6 | x62 => l2 h6 | x63 => l3 h6
  | x64 => l4 h6 | x65 => l5 h6 | x66 => l6 h6 | x67 => l7 h6
  | x68 => l8 h6 | x69 => l9 h6 | x6a => la h6 | x6b => lb h6
  | x6c => lc h6 | x6d => ld h6 | x6e => le h6 | x6f => lf h6
  | x70 => l0 h7 | x71 => l1 h7 | x72 => l2 h7 | x73 => l3 h7
  | x74 => l4 h7 | x75 => l5 h7 | x76 => l6 h7 | x77 => l7 h7
  | x78 => l8 h7 | x79 => l9 h7 | x7a => la h7 | x7b => lb h7
  | x7c => lc h7 | x7d => ld h7 | x7e => le h7 | x7f => lf h7
  | x80 => l0 h8 | x81 => l1 h8 | x82 => l2 h8 | x83 => l3 h8
  | x84 => l4 h8 | x85 => l5 h8 | x86 => l6 h8 | x87 => l7 h8
  | x88 => l8 h8 | x89 => l9 h8 | x8a => la h8 | x8b => lb h8
  | x8c => lc h8 | x8d => ld h8 | x8e => le h8 | x8f => lf h8
  | x90 => l0 h9 | x91 => l1 h9 | x92 => l2 h9 | x93 => l3 h9
  | x94 => l4 h9 | x95 => l5 h9 | x96 => l6 h9 | x97 => l7 h9
  | x98 => l8 h9 | x99 => l9 h9 | x9a => la h9 | x9b => lb h9
  | x9c => lc h9 | x9d => ld h9 | x9e => le h9 | x9f => lf h9
  | xa0 => l0 h10 | xa1 => l1 h10 | xa2 => l2 h10 | xa3 => l3 h10
  | xa4 => l4 h10 | xa5 => l5 h10 | xa6 => l6 h10 | xa7 => l7 h10
  | xa8 => l8 h10 | xa9 => l9 h10 | xaa => la h10 | xab => lb h10
  | xac => lc h10 | xad => ld h10 | xae => le h10 | xaf => lf h10
  | xb0 => l0 h11 | xb1 => l1 h11 | xb2 => l2 h11 | xb3 => l3 h11
  | xb4 => l4 h11 | xb5 => l5 h11 | xb6 => l6 h11 | xb7 => l7 h11
  | xb8 => l8 h11 | xb9 => l9 h11 | xba => la h11 | xbb => lb h11
  | xbc => lc h11 | xbd => ld h11 | xbe => le h11 | xbf => lf h11
  | xc0 => l0 h12 | xc1 => l1 h12 | xc2 => l2 h12 | xc3 => l3 h12
  | xc4 => l4 h12 | xc5 => l5 h12 | xc6 => l6 h12 | xc7 => l7 h12
  | xc8 => l8 h12 | xc9 => l9 h12 | xca => la h12 | xcb => lb h12
  | xcc => lc h12 | xcd => ld h12 | xce => le h12 | xcf => lf h12
  | xd0 => l0 h13 | xd1 => l1 h13 | xd2 => l2 h13 | xd3 => l3 h13
  | xd4 => l4 h13 | xd5 => l5 h13 | xd6 => l6 h13 | xd7 => l7 h13
  | xd8 => l8 h13 | xd9 => l9 h13 | xda => la h13 | xdb => lb h13
  | xdc => lc h13 | xdd => ld h13 | xde => le h13 | xdf => lf h13
  | xe0 => l0 h14 | xe1 => l1 h14 | xe2 => l2 h14 | xe3 => l3 h14
  | xe4 => l4 h14 | xe5 => l5 h14 | xe6 => l6 h14 | xe7 => l7 h14
  | xe8 => l8 h14 | xe9 => l9 h14 | xea => la h14 | xeb => lb h14
  | xec => lc h14 | xed => ld h14 | xee => le h14 | xef => lf h14
  | xf0 => l0 h15 | xf1 => l1 h15 | xf2 => l2 h15 | xf3 => l3 h15
  | xf4 => l4 h15 | xf5 => l5 h15 | xf6 => l6 h15 | xf7 => l7 h15
  | xf8 => l8 h15 | xf9 => l9 h15 | xfa => la h15 | xfb => lb h15
  | xfc => lc h15 | xfd => ld h15 | xfe => le h15 | xff => lf h15
  end.

(** ** Comparing *)
Definition same_byte (a b : byte) : bool := Pos.eqb (code a) (code b).

Fixpoint same_text (s t : text) : bool :=
  match s, t with
  | [], [] => true
  | a :: s, b :: t => if same_byte a b then same_text s t else false
  | _, _ => false
  end.
