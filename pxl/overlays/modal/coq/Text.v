(** * The canonical text of a formula, and of a question

    As in the kernel, and relation [n] is written [BOX[n](…)]; relation 1 is
    written [BOX(…)], since it is the one without a label. *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Text.
From PXLModal Require Import Syntax.
Import ListNotations.
Local Open Scope byte_scope.

(** ** Printing *)
Definition put_label (r : positive) (k : text) : text :=
  match r with
  | xH => "(" :: k
  | _ => "[" :: put_digits (Pos.to_uint r) ("]" :: "(" :: k)
  end.

Fixpoint put (nested : bool) (f : mform) (k : text) : text :=
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
  | Box r a => "B" :: "O" :: "X" :: put_label r (put false a (")" :: k))
  | Dia r a => "D" :: "I" :: "A" :: put_label r (put false a (")" :: k))
  end.

Definition print (f : mform) : text := put false f [].

(** A question is its goal, with [… |- ] in front for each local assumption and,
    before these, [… |= ] for each global one. *)
Fixpoint put_all (sign : byte) (fs : list mform) (k : text) : text :=
  match fs with
  | [] => k
  | f :: fs => put false f (" " :: "|" :: sign :: " " :: put_all sign fs k)
  end.

Definition print_question (global local : list mform) (f : mform) : text :=
  put_all "=" global (put_all "-" local (print f)).

(** ** Parsing

    One pass with a stack of what is open, so the cost is linear and nesting
    costs no stack of the machine. It also takes parentheses that the canonical
    text would not have. *)
Inductive frame : Type :=
| Negation
| Bracket (close : mform -> mform)
| Left (op : mform -> mform -> mform) (a : mform).

(** [Want]: a formula begins here. [Number n]: in the digits of an atom.
    [Have f]: [f] has just ended. [Label op n]: in the digits of a relation. *)
Inductive mode : Type :=
| Want
| Number (n : N)
| Have (f : mform)
| Label (op : positive -> mform -> mform) (n : N).

Fixpoint negate (f : mform) (stack : list frame) : mform * list frame :=
  match stack with
  | Negation :: stack => negate (Neg f) stack
  | _ => (f, stack)
  end.

(** What ends here: a formula and the stack, with its binary connective done. *)
Definition finish (m : mode) (stack : list frame) : option (mform * list frame) :=
  let close '(f, stack) :=
    match stack with Left op a :: stack => (op a f, stack) | _ => (f, stack) end in
  match m with
  | Number (Npos p) => Some (close (negate (Atom p) stack))
  | Have f => Some (close (negate f stack))
  | _ => None
  end.

(** The same, for the left side of a binary connective. *)
Definition operand (m : mode) (stack : list frame) : option (mform * list frame) :=
  match m with
  | Number (Npos p) => Some (negate (Atom p) stack)
  | Have f => Some (negate f stack)
  | _ => None
  end.

Fixpoint run (t : text) (m : mode) (stack : list frame) {struct t} : option mform :=
  match t with
  | [] => match finish m stack with Some (f, []) => Some f | _ => None end
  | b :: t =>
      match m, digit b with
      | Number n, Some d => run t (Number (shift n d)) stack
      | Label op n, Some d => run t (Label op (shift n d)) stack
      | Label op (Npos r), None =>
          match b, t with
          | "]", "(" :: t => run t Want (Bracket (op r) :: stack)
          | _, _ => None
          end
      | Label _ N0, None => None
      | Want, _ =>
          match b, t with
          | "p", _ => run t (Number N0) stack
          | "~", _ => run t Want (Negation :: stack)
          | "(", _ => run t Want (Bracket (fun f => f) :: stack)
          | "B", "O" :: "T" :: t => run t (Have Bot) stack
          | "B", "O" :: "X" :: "(" :: t => run t Want (Bracket (Box xH) :: stack)
          | "D", "I" :: "A" :: "(" :: t => run t Want (Bracket (Dia xH) :: stack)
          | "B", "O" :: "X" :: "[" :: t => run t (Label Box N0) stack
          | "D", "I" :: "A" :: "[" :: t => run t (Label Dia N0) stack
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

Definition parse (t : text) : option mform := run t Want [].
