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

(** ** Soundness

    The trace's run has the same positions and atoms as the one that is evaluated. *)
Lemma mem_atoms : forall p l s, mem p (atoms l s) = true <-> In p l \/ mem p s = true.
Proof.
  intros p l; induction l as [ | q l IH ]; intros s.
  - split; [ exact (fun X => or_intror X) | intros [ [] | X ]; exact X ].
  - refine (iff_by _ _ _ (IH (add q s)) _); unfold mem, add; rewrite get_put.
    generalize (pos_eqb_equal q p); destruct (Pos.eqb q p) eqn:E; intros Q; split.
    + intros [ X | _ ]; [ left; right; exact X | left; left; exact Q ].
    + intros _; right; exact eq_refl.
    + intros [ X | X ]; [ left; right; exact X | right; exact X ].
    + intros [ [ X | X ] | X ]; [ | left; exact X | right; exact X ].
      rewrite X, Pos.eqb_refl in E; discriminate E.
Qed.

Lemma lookup_nth : forall p i w,
  In p (nth i w []) <-> atom_at p (lookup [None] (positions w) i) = true.
Proof.
  intros p i w; revert i; induction w as [ | l w IH ]; intros i.
  - rewrite lookup_ended; destruct i; split; first [ discriminate | intros [] ].
  - destruct i as [ | i ]; [ | exact (IH i) ].
    split; intros X; [ exact (proj2 (mem_atoms p l Leaf) (or_introl X)) | ].
    destruct (proj1 (mem_atoms p l Leaf) X) as [ Y | Y ]; [ exact Y | discriminate Y ].
Qed.

Lemma positions_length : forall w, length (positions w) = length w.
Proof.
  intros w; induction w as [ | l w IH ]; [ exact eq_refl | exact (f_equal S IH) ].
Qed.

Lemma trace_follows : forall l w,
  follows (trace_run (l :: w)) (lookup [None] (positions (l :: w))).
Proof.
  intros l w i; split; [ | exact (fun p => lookup_nth p i (l :: w)) ].
  refine (iff_by _ _ _ _
    (lookup_inside (positions w) (position_of l) (positions_exist (l :: w)) i)).
  rewrite (positions_length w); exact (iff_refl _).
Qed.

Lemma trace_value : forall l w f, Holds (l :: w) f <-> finite_value f (l :: w) = true.
Proof.
  intros l w f; assert (H := trace_follows l w).
  assert (D := decided_core _ (follows_decided _ _ _ _ H)).
  exact (iff_by _ _ _ (core_ok _ D f 0) (value_right _ _ _ _ (core f) H)).
Qed.

Lemma check_trace_when : forall w f, when (check_trace w f) (Holds w f).
Proof.
  intros [ | l w ] f; [ exact I | generalize (trace_value l w f); unfold check_trace ].
  destruct (finite_value f (l :: w)); [ exact (fun H => proj2 H eq_refl) | exact (fun _ => I) ].
Qed.

Lemma check_not_trace_when : forall w f, when (check_not_trace w f) (~ Holds w f).
Proof.
  intros [ | l w ] f; [ exact I | generalize (trace_value l w f) ].
  unfold check_not_trace, check_finite.
  destruct (finite_value f (l :: w)); [ exact (fun _ => I) | ].
  intros [ T _ ] X; discriminate (T X).
Qed.

Theorem holds_trace : forall w f, check_trace w f = true -> Holds w f.
Proof. intros w f; exact (when_true _ _ (check_trace_when w f)). Qed.

Theorem not_holds_trace : forall w f, check_not_trace w f = true -> ~ Holds w f.
Proof. intros w f; exact (when_true _ _ (check_not_trace_when w f)). Qed.
