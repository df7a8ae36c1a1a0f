(** * Linear time proves no more of the kernel's formulas than the kernel

    Read "necessary" as "at all times" and "possible" as "at some time": then a
    formula of the kernel is a theorem exactly when it is valid over infinite time. *)

From Coq Require Import List PArith Bool.
From PXL Require Form Prov Semantics Soundness Completeness.
From PXLChrono Require Import Syntax Semantics Countermodel.
Import ListNotations.

Fixpoint tau (f : Form.form) : tform :=
  match f with
  | Form.Atom p => Atom p
  | Form.Bot => Bot
  | Form.Neg a => Neg (tau a)
  | Form.Conj a b => Conj (tau a) (tau b)
  | Form.Disj a b => Disj (tau a) (tau b)
  | Form.Impl a b => Impl (tau a) (tau b)
  | Form.Iff a b => Iff (tau a) (tau b)
  | Form.Box a => Always (tau a)
  | Form.Dia a => Sometime (tau a)
  end.

(** ** A run is a Kripke model where every position sees every position *)
Definition model_of (r : run) : PXL.Semantics.model :=
  {| PXL.Semantics.world := nat;
     PXL.Semantics.access := fun _ _ => True;
     PXL.Semantics.holds := holds r |}.

Lemma sat_model : forall r, last r = None -> forall f i,
  PXL.Semantics.sat (model_of r) i f <-> sat r i (tau f).
Proof.
  intros r E; assert (N : forall j, inside r j) by (intros j; unfold inside; rewrite E; exact I).
  intros f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                           | f IHf g IHg | f IHf g IHg | f IH | f IH ]; intros i; simpl.
  - reflexivity.
  - reflexivity.
  - rewrite IH; reflexivity.
  - rewrite IHf, IHg; reflexivity.
  - rewrite IHf, IHg; reflexivity.
  - rewrite IHf, IHg; reflexivity.
  - rewrite IHf, IHg; reflexivity.
  - split; intros A j _; [ exact (proj1 (IH j) (A j I)) | exact (proj2 (IH j) (A j (N j))) ].
  - split.
    + intros (j & _ & A); exists j; exact (conj (N j) (proj1 (IH j) A)).
    + intros (j & _ & A); exists j; exact (conj I (proj2 (IH j) A)).
Qed.

Theorem chrono_sound : forall f, Prov.Prov f -> forall r, last r = None -> decided r ->
  forall i, sat r i (tau f).
Proof.
  intros f P r E D i; apply (sat_model r E f i).
  apply (Soundness.soundness f P (model_of r)); [ repeat split | intros w g ].
  destruct (D w (tau g)) as [ A | A ]; [ left | right; intros B; apply A ];
    apply (sat_model r E g w); assumption.
Qed.

(** ** A countermodel is laid out along time, again and again *)
Lemma lookup_in : forall v i u, v <> [] -> incl u v -> In (lookup v u i) v.
Proof.
  intros v i; induction i as [ | i IH ]; intros [ | x u ] N U.
  - destruct v as [ | y v ]; [ destruct (N eq_refl) | exact (or_introl eq_refl) ].
  - exact (U x (or_introl eq_refl)).
  - destruct v as [ | y v ]; [ destruct (N eq_refl) | ].
    exact (IH v N (fun z Z => or_intror Z)).
  - exact (IH u N (fun z Z => U z (or_intror Z))).
Qed.

Lemma lookup_has : forall v x u, In x u -> exists i, lookup v u i = x.
Proof.
  intros v x u; induction u as [ | y u IH ]; [ intros [] | intros [ E | X ] ].
  - exists 0; exact E.
  - destruct (IH X) as [ i E ]; exists (S i); exact E.
Qed.

Section Layout.
Variables (m : list valuation) (v : valuation).
Hypothesis V : In v m.

Let loop : list position := map Some m.
Let r : run := lasso [Some v] loop.

Lemma loop_some : loop <> [].
Proof using V. unfold loop; destruct m as [ | a l ]; [ destruct V | discriminate ]. Qed.

Lemma position_some : forall i, exists a, lookup loop [Some v] i = Some a /\ In a m.
Proof using V.
  intros i; assert (X := lookup_in loop i [Some v] loop_some).
  destruct (proj1 (in_map_iff _ _ _) (X ltac:(intros x [ [] | [] ]; exact (in_map Some m v V))))
    as (a & E & A).
  exists a; exact (conj (eq_sym E) A).
Qed.

Lemma position_has : forall a, In a m -> exists i, lookup loop [Some v] i = Some a.
Proof using Type.
  intros a A; destruct (lookup_has loop (Some a) loop (in_map Some m a A)) as [ i E ].
  exists (i + 1); rewrite <- E; exact (lookup_past loop [Some v] i).
Qed.

Lemma layout_decided : decided r.
Proof using V.
  assert (X : exist_all loop).
  { intros x L; apply in_map_iff in L; destruct L as (a & <- & _); reflexivity. }
  assert (Y : exist_all [Some v]) by (intros x [ [] | [] ]; reflexivity).
  assert (H := lasso_follows loop [Some v] X Y loop_some); fold r in H.
  assert (N := loop_some); destruct loop as [ | x l ]; [ destruct (N eq_refl) | ].
  exact (follows_decided r [Some v] x l H).
Qed.

Lemma sat_layout : forall f i a, lookup loop [Some v] i = Some a ->
  (sat r i (tau f) <-> PXL.Semantics.eval m a f = true).
Proof using V.
  intros f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                           | f IHf g IHg | f IHf g IHg | f IH | f IH ];
    intros i a E; cbn [tau sat PXL.Semantics.eval].
  - unfold r; simpl; rewrite E; reflexivity.
  - split; [ contradiction | discriminate ].
  - rewrite (IH i a E), negb_true_iff, not_true_iff_false; reflexivity.
  - rewrite (IHf i a E), (IHg i a E), andb_true_iff; reflexivity.
  - rewrite (IHf i a E), (IHg i a E), orb_true_iff; reflexivity.
  - rewrite (IHf i a E), (IHg i a E), implb_true_iff; reflexivity.
  - rewrite (IHf i a E), (IHg i a E), eqb_true_iff; symmetry; apply eq_iff_eq_true.
  - rewrite forallb_forall; split.
    + intros A b B; destruct (position_has b B) as [ j J ].
      exact (proj1 (IH j b J) (A j I)).
    + intros A j _; destruct (position_some j) as (b & J & B).
      exact (proj2 (IH j b J) (A b B)).
  - rewrite existsb_exists; split.
    + intros (j & _ & A); destruct (position_some j) as (b & J & B); exists b.
      exact (conj B (proj1 (IH j b J) A)).
    + intros (b & B & A); destruct (position_has b B) as [ j J ]; exists j.
      exact (conj I (proj2 (IH j b J) A)).
Qed.
End Layout.

Theorem chrono_complete : forall f, Valid (tau f) -> Prov.Prov f.
Proof.
  intros f A; destruct (Completeness.prov_dec f) as [ P | N ]; [ exact P | ].
  destruct (Completeness.countermodel_exists f N) as (m & v & V & E).
  assert (T := A (lasso [Some v] (map Some m)) eq_refl (layout_decided m v V)).
  apply (sat_layout m v V f 0 v eq_refl) in T; congruence.
Qed.

(** No side condition: the run of a countermodel is decided, and provability is. *)
Theorem chrono_conservative : forall f, Prov.Prov f <-> Valid (tau f).
Proof.
  intros f; split; [ | exact (chrono_complete f) ].
  intros P r E D; exact (chrono_sound f P r E D 0).
Qed.
