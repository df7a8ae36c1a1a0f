(** * Reading the canonical text of a formula of time

    As [PXL.Text.parse]: one pass with a stack of what is open, so the cost is
    linear. Nothing of it is trusted: who reads a text prints it again. No session
    requires this file. *)

From Coq Require Import List PArith Init.Byte.
From PXL Require Import Text.
From PXLChrono Require Import Syntax.
Import ListNotations.
Local Open Scope byte_scope.

Inductive frame : Type :=
| Negation
| Bracket (close : tform -> tform)
| Left (op : tform -> tform -> tform) (a : tform).

(** [Want]: a formula begins here. [Number n]: in the digits of an atom.
    [Time n]: in the digits of a time. [Have f]: [f] has just ended. *)
Inductive mode : Type := Want | Number (n : N) | Time (n : N) | Have (f : tform).

Fixpoint negate (f : tform) (stack : list frame) : tform * list frame :=
  match stack with
  | Negation :: stack => negate (Neg f) stack
  | _ => (f, stack)
  end.

(** A formula that ends here, with the negations in front of it. *)
Definition operand (m : mode) (stack : list frame) : option (tform * list frame) :=
  match m with
  | Number (Npos p) => Some (negate (Atom p) stack)
  | Have f => Some (negate f stack)
  | _ => None
  end.

(** The same, with its binary operator done. *)
Definition finish (m : mode) (stack : list frame) : option (tform * list frame) :=
  match operand m stack with
  | Some (f, Left op a :: stack) => Some (op a f, stack)
  | found => found
  end.

Definition unary (b : byte) : option (tform -> tform) :=
  match b with
  | "X" => Some Next
  | "F" => Some Eventually
  | "G" => Some Globally
  | "Y" => Some Prev
  | "Z" => Some WeakPrev
  | "P" => Some Once
  | "H" => Some Historically
  | _ => None
  end.

Definition binary (b : byte) : option (tform -> tform -> tform) :=
  match b with
  | "U" => Some Until
  | "W" => Some WeakUntil
  | "R" => Some Release
  | "M" => Some StrongRelease
  | "S" => Some Since
  | "T" => Some Triggered
  | _ => None
  end.

Definition time (n : N) : nat := match n with N0 => 0 | Npos p => Pos.to_nat p end.

Fixpoint run (t : text) (m : mode) (stack : list frame) {struct t} : option tform :=
  match t with
  | [] => match finish m stack with Some (f, []) => Some f | _ => None end
  | b :: t =>
      match m, digit b with
      | Number n, Some d => run t (Number (shift n d)) stack
      | Time n, Some d => run t (Time (shift n d)) stack
      | Time n, None =>
          match b with "(" => run t Want (Bracket (At (time n)) :: stack) | _ => None end
      | Want, _ =>
          match b, t with
          | "p", _ => run t (Number N0) stack
          | "~", _ => run t Want (Negation :: stack)
          | "(", _ => run t Want (Bracket (fun f => f) :: stack)
          | "B", "O" :: "T" :: t => run t (Have Bot) stack
          | "B", "O" :: "X" :: "(" :: t => run t Want (Bracket Always :: stack)
          | "D", "I" :: "A" :: "(" :: t => run t Want (Bracket Sometime :: stack)
          | "A", "t" :: " " :: t => run t (Time N0) stack
          | _, "(" :: t =>
              match unary b with
              | Some op => run t Want (Bracket op :: stack)
              | None => None
              end
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
                  | c :: " " :: t =>
                      match binary c with
                      | Some op => run t Want (Left op a :: stack)
                      | None => None
                      end
                  | _ => None
                  end
              | None => None
              end
          | _ => None
          end
      end
  end.

Definition parse (t : text) : option tform := run t Want [].
