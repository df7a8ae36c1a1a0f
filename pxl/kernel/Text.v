(** * The canonical text of a formula

    [print] writes a formula as the server shows it, and [parse] reads it back,
    so two formulas with the same text are the same formula. *)

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

(** ** Comparing *)
Definition same_byte (a b : byte) : bool :=
  let '(a0, (a1, (a2, (a3, (a4, (a5, (a6, a7))))))) := to_bits a in
  let '(b0, (b1, (b2, (b3, (b4, (b5, (b6, b7))))))) := to_bits b in
  if eqb a0 b0 then if eqb a1 b1 then if eqb a2 b2 then if eqb a3 b3 then
  if eqb a4 b4 then if eqb a5 b5 then if eqb a6 b6 then eqb a7 b7
  else false else false else false else false else false else false else false.

Fixpoint same_text (s t : text) : bool :=
  match s, t with
  | [], [] => true
  | a :: s, b :: t => if same_byte a b then same_text s t else false
  | _, _ => false
  end.
