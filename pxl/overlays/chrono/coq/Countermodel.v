(** * Evaluation: finite runs, and lassos

    A lasso is a sequence of positions whose end is repeated for ever. Along it
    the truth of every formula repeats itself from some position on, past
    operators included: so a formula is evaluated, exactly, with one row of
    booleans for each of its subformulas. A lasso or finite run where the goal is
    false makes it not valid, and what is evaluated is decided. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLChrono Require Import Syntax Semantics.
Import ListNotations.

(** ** Rows

    [Some s]: a position whose true atoms are [s]; [None]: time has ended. *)
Definition valuation : Type := positive -> bool.
Definition position : Type := option valuation.
Definition row : Type := list bool.

Fixpoint combine (op : bool -> bool -> bool) (a b : row) : row :=
  match a, b with
  | x :: a, y :: b => op x y :: combine op a b
  | _, _ => []
  end.

(** One position earlier; [s] comes in at the end. *)
Fixpoint shift (a : row) (s : bool) : row :=
  match a with
  | [] => []
  | _ :: a => match a with [] => s | x :: _ => x end :: shift a s
  end.

(** One position later; [s] comes in at the start. *)
Fixpoint delay (a : row) (s : bool) : row :=
  match a with [] => [] | x :: a => s :: delay a x end.

(** Until, from the end backwards; [s]: its value after the end. *)
Fixpoint until_row (a b : row) (s : bool) : row :=
  match a, b with
  | x :: a, y :: b =>
      let r := until_row a b s in
      (if y then true else if x then match r with [] => s | z :: _ => z end else false) :: r
  | _, _ => []
  end.

(** Since; [s]: its value before the start. *)
Fixpoint since_row (a b : row) (s : bool) : row :=
  match a, b with
  | x :: a, y :: b =>
      let s := if y then true else if x then s else false in s :: since_row a b s
  | _, _ => []
  end.

Fixpoint drop (n : nat) (a : row) : row :=
  match n, a with S n, _ :: a => drop n a | _, _ => a end.

Definition head (a : row) : bool := match a with [] => false | x :: _ => x end.

Definition atom_at (p : positive) (s : position) : bool :=
  match s with Some s => s p | None => false end.
Definition exists_at (s : position) : bool := match s with Some _ => true | None => false end.

(** [w]: the positions, the loop once; [l]: where the loop begins. *)
Fixpoint rows (w : list position) (l : nat) (f : kform) : row :=
  match f with
  | KAtom p => map (atom_at p) w
  | KBot => map (fun _ => false) w
  | KNeg a => map negb (rows w l a)
  | KConj a b => combine andb (rows w l a) (rows w l b)
  | KDisj a b => combine orb (rows w l a) (rows w l b)
  | KImpl a b => combine implb (rows w l a) (rows w l b)
  | KIff a b => combine eqb (rows w l a) (rows w l b)
  | KNext a =>
      let a := combine andb (map exists_at w) (rows w l a) in shift a (head (drop l a))
  | KUntil a b =>
      let a := rows w l a in
      let b := combine andb (map exists_at w) (rows w l b) in
      until_row a b (head (until_row (drop l a) (drop l b) false))
  | KPrev a => delay (rows w l a) false
  | KSince a b => since_row (rows w l a) (rows w l b) false
  end.

(** How often the loop must be unrolled for the rows to repeat themselves: once
    for each operator of the past around another. *)
Fixpoint larger (m n : nat) : nat :=
  match m, n with O, _ => n | _, O => m | S m, S n => S (larger m n) end.

Fixpoint past (f : kform) : nat :=
  match f with
  | KAtom _ | KBot => 0
  | KNeg a | KNext a => past a
  | KConj a b | KDisj a b | KImpl a b | KIff a b | KUntil a b => larger (past a) (past b)
  | KPrev a => S (past a)
  | KSince a b => S (larger (past a) (past b))
  end.

Fixpoint copies {A} (c : nat) (v : list A) : list A :=
  match c with O => [] | S c => v ++ copies c v end.

(** The row of [f] along [u] and then [v] for ever, the loop unrolled [c] times. *)
Definition row_of (c : nat) (u v : list position) (f : kform) : row :=
  let u := u ++ copies c v in rows (u ++ v) (length u) f.

Definition value (u v : list position) (f : kform) : bool :=
  head (row_of (past f) u v f).

(** ** The checkers

    A position is given by its true atoms. [loop = 0]: a finite run; else the last
    position is followed by number [loop], counted from 1. *)
Fixpoint atoms (l : list positive) (s : set) : set :=
  match l with [] => s | p :: l => atoms l (add p s) end.

Definition position_of (l : list positive) : position :=
  let s := atoms l Leaf in Some (fun p => mem p s).

Definition positions (w : list (list positive)) : list position := map position_of w.

Fixpoint split {A} (n : nat) (w : list A) : list A * list A :=
  match n, w with
  | S n, x :: w => let (u, v) := split n w in (x :: u, v)
  | _, _ => ([], w)
  end.

Definition check_lasso (f : tform) (u v : list (list positive)) : bool :=
  match v with
  | [] => false
  | _ => if value (positions u) (positions v) (core f) then false else true
  end.

Definition finite_value (f : tform) (w : list (list positive)) : bool :=
  value (positions w) [None] (core f).

Definition check_finite (f : tform) (w : list (list positive)) : bool :=
  match w with [] => false | _ => if finite_value f w then false else true end.
