(** * Truth along a given trace

    A log or trace is a list of positions, each the list of its true atoms. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLChrono Require Import Syntax Semantics Countermodel.
Import ListNotations.

(** The run that has the positions of [w] and no others. *)
Definition trace_run (w : list (list positive)) : run :=
  {| last := Some (pred (length w)); holds := fun i p => In p (nth i w []) |}.

(** [f] is true at the first position of the trace. *)
Definition Holds (w : list (list positive)) (f : tform) : Prop := sat (trace_run w) 0 f.

(** A trace without positions is no trace. *)
Definition check_trace (w : list (list positive)) (f : tform) : bool :=
  match w with [] => false | _ => finite_value f w end.

Definition check_not_trace (w : list (list positive)) (f : tform) : bool := check_finite f w.
