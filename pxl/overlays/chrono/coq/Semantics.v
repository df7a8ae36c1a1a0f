(** * Runs, and truth in them

    A run is a sequence of positions, with a last one or without end. [sat] is
    truth at a position, each operator as textbooks have it. [csat] is truth of a
    core formula, in a form that computes one position at a time; [core_ok] says
    that they agree. *)

From Coq Require Import List PArith.
From PXLChrono Require Import Syntax.

(** [last r = None]: time goes on for ever. *)
Record run : Type := Run {
  last : option nat;
  holds : nat -> positive -> Prop
}.

Definition inside (r : run) (i : nat) : Prop :=
  match last r with None => True | Some n => i <= n end.

Fixpoint sat (r : run) (i : nat) (f : tform) : Prop :=
  match f with
  | Atom p => holds r i p
  | Bot => False
  | Neg a => ~ sat r i a
  | Conj a b => sat r i a /\ sat r i b
  | Disj a b => sat r i a \/ sat r i b
  | Impl a b => sat r i a -> sat r i b
  | Iff a b => sat r i a <-> sat r i b
  | Next a => inside r (S i) /\ sat r (S i) a
  | Eventually a => exists j, i <= j /\ inside r j /\ sat r j a
  | Globally a => forall j, i <= j -> inside r j -> sat r j a
  | Until a b => exists j, i <= j /\ inside r j /\ sat r j b
      /\ forall k, i <= k -> k < j -> sat r k a
  | WeakUntil a b =>
      (exists j, i <= j /\ inside r j /\ sat r j b /\ forall k, i <= k -> k < j -> sat r k a)
      \/ (forall j, i <= j -> inside r j -> sat r j a)
  | Release a b => forall j, i <= j -> inside r j ->
      sat r j b \/ exists k, i <= k /\ k < j /\ sat r k a
  | StrongRelease a b => exists j, i <= j /\ inside r j /\ sat r j a
      /\ forall k, i <= k -> k <= j -> sat r k b
  | Prev a => match i with O => False | S j => sat r j a end
  | WeakPrev a => match i with O => True | S j => sat r j a end
  | Once a => exists j, j <= i /\ sat r j a
  | Historically a => forall j, j <= i -> sat r j a
  | Since a b => exists j, j <= i /\ sat r j b /\ forall k, j < k -> k <= i -> sat r k a
  | Triggered a b => forall j, j <= i ->
      sat r j b \/ exists k, j < k /\ k <= i /\ sat r k a
  | Always a => forall j, inside r j -> sat r j a
  | Sometime a => exists j, inside r j /\ sat r j a
  | At t a => inside r t /\ sat r t a
  end.

(** Every formula is true or not at every position: excluded middle for this run
    only. It holds of every finite run and of every lasso of booleans without
    any axiom ([Countermodel]). *)
Definition decided (r : run) : Prop := forall i f, sat r i f \/ ~ sat r i f.

(** A formula is valid when it is true at the first position of every run. *)
Definition Valid (f : tform) : Prop :=
  forall r, last r = None -> decided r -> sat r 0 f.

Definition ValidFinite (f : tform) : Prop :=
  forall r n, last r = Some n -> decided r -> sat r 0 f.

(** ** Core formulas *)

(** [B] is true [d] positions later, and [A] at those before. *)
Fixpoint reach (A B : nat -> Prop) (d i : nat) : Prop :=
  match d with O => B i | S d => A i /\ reach A B d (S i) end.

Fixpoint since (A B : nat -> Prop) (i : nat) : Prop :=
  B i \/ match i with O => False | S j => A i /\ since A B j end.

Fixpoint csat (r : run) (i : nat) (f : kform) : Prop :=
  match f with
  | KAtom p => holds r i p
  | KBot => False
  | KNeg a => ~ csat r i a
  | KConj a b => csat r i a /\ csat r i b
  | KDisj a b => csat r i a \/ csat r i b
  | KImpl a b => csat r i a -> csat r i b
  | KIff a b => csat r i a <-> csat r i b
  | KNext a => inside r (S i) /\ csat r (S i) a
  | KUntil a b => exists d,
      reach (fun j => csat r j a) (fun j => inside r j /\ csat r j b) d i
  | KPrev a => match i with O => False | S j => csat r j a end
  | KSince a b => since (fun j => csat r j a) (fun j => csat r j b) i
  end.

Definition cdecided (r : run) : Prop := forall i f, csat r i f \/ ~ csat r i f.
