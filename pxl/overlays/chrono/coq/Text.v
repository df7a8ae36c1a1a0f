(** * The canonical text of a formula of time

    As [PXL.Text] writes the formulas of the kernel. *)

From Coq Require Import List PArith Init.Byte.
From PXL Require Import Text.
From PXLChrono Require Import Syntax.
Import ListNotations.
Local Open Scope byte_scope.

(** [nested] formulas have parentheses around a binary operator. Atom [n] is [p]
    and [n] in decimal. *)
Fixpoint put (nested : bool) (f : tform) (k : text) : text :=
  let binary a op b :=
    if nested then "(" :: put true a (op (put true b (")" :: k)))
    else put true a (op (put true b k)) in
  let letter c a b := binary a (fun k => " " :: c :: " " :: k) b in
  let unary c a := c :: "(" :: put false a (")" :: k) in
  match f with
  | Atom p => "p" :: put_digits (Pos.to_uint p) k
  | Bot => "B" :: "O" :: "T" :: k
  | Neg a => "~" :: put true a k
  | Conj a b => binary a (fun k => " " :: "/" :: "\" :: " " :: k) b
  | Disj a b => binary a (fun k => " " :: "\" :: "/" :: " " :: k) b
  | Impl a b => binary a (fun k => " " :: "-" :: ">" :: " " :: k) b
  | Iff a b => binary a (fun k => " " :: "<" :: "-" :: ">" :: " " :: k) b
  | Next a => unary "X" a
  | Eventually a => unary "F" a
  | Globally a => unary "G" a
  | Until a b => letter "U" a b
  | WeakUntil a b => letter "W" a b
  | Release a b => letter "R" a b
  | StrongRelease a b => letter "M" a b
  | Prev a => unary "Y" a
  | WeakPrev a => unary "Z" a
  | Once a => unary "P" a
  | Historically a => unary "H" a
  | Since a b => letter "S" a b
  | Triggered a b => letter "T" a b
  | Always a => "B" :: "O" :: "X" :: "(" :: put false a (")" :: k)
  | Sometime a => "D" :: "I" :: "A" :: "(" :: put false a (")" :: k)
  | At t a =>
      "A" :: "t" :: " " :: put_digits (Nat.to_uint t) ("(" :: put false a (")" :: k))
  end.

Definition print (f : tform) : text := put false f [].
