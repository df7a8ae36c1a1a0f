(** * Assumptions are premises

    A goal follows from assumptions when it is true in all models of theirs. The
    server asks of the kernel one formula, with the assumptions as premises; here
    is that this is the same. An assumption may hold at every world ([global]) or
    at the world in question ([local]). *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Prov Semantics Soundness Completeness.
Import ListNotations.

(** [under [a; b] f] is [a -> b -> f]. *)
Definition under (gs : list form) (f : form) : form := fold_right Impl f gs.

Definition local_consequence (gs : list form) (f : form) : Prop :=
  forall M, equivalence M -> decided M ->
  forall w, (forall g, In g gs -> sat M w g) -> sat M w f.

Definition global_consequence (gs : list form) (f : form) : Prop :=
  forall M, equivalence M -> decided M ->
  (forall g, In g gs -> forall w, sat M w g) -> forall w, sat M w f.

Lemma sat_under : forall M w gs f,
  sat M w (under gs f) <-> ((forall g, In g gs -> sat M w g) -> sat M w f).
Proof.
  intros M w gs f; induction gs as [ | g gs IH ]; simpl.
  - split; [ intros S _; exact S | intros H; apply H; intros g [] ].
  - rewrite IH; split.
    + intros H G; apply H; [ exact (G g (or_introl eq_refl)) | ].
      intros h I; exact (G h (or_intror I)).
    + intros H S G; apply H; intros h [ <- | I ]; [ exact S | exact (G h I) ].
Qed.

(** True at all worlds of all finite universal models, as Kripke models. *)
Lemma valid_universal : forall f,
  (forall m (w : world (universal m)), sat (universal m) w f) -> valid f.
Proof.
  intros f H m v I.
  exact (proj1 (sat_universal m f (exist _ v I)) (H m (exist _ v I))).
Qed.

Theorem local_premises : forall gs f, Prov (under gs f) <-> local_consequence gs f.
Proof.
  intros gs f; split.
  - intros P M E D w; apply sat_under, (soundness _ P M E D).
  - intros C; apply completeness, valid_universal; intros m w; apply sat_under.
    exact (C (universal m) (universal_equivalence m) (universal_decided m) w).
Qed.

Theorem global_premises : forall gs f,
  Prov (under (map Box gs) f) <-> global_consequence gs f.
Proof.
  intros gs f; split.
  - intros P M E D G w; refine (proj1 (sat_under M w _ f) (soundness _ P M E D w) _).
    intros b I; apply in_map_iff in I; destruct I as (g & <- & I).
    intros u _; exact (G g I u).
  - intros C; apply completeness, valid_universal; intros m w; apply sat_under; intros B.
    apply (C (universal m) (universal_equivalence m) (universal_decided m)).
    intros g J u; exact (B (Box g) (in_map Box gs g J) u I).
Qed.

(** Assumptions contradict each other when [Bot] follows from them: no model
    satisfies them. *)
Theorem local_contradiction : forall gs, Prov (under gs Bot) <->
  forall M, equivalence M -> decided M -> forall w, ~ (forall g, In g gs -> sat M w g).
Proof. intros gs; exact (local_premises gs Bot). Qed.

Theorem global_contradiction : forall gs, Prov (under (map Box gs) Bot) <->
  forall M, equivalence M -> decided M -> world M -> ~ (forall g, In g gs -> forall w, sat M w g).
Proof.
  intros gs; rewrite global_premises; unfold global_consequence; simpl.
  split; intros H M E D; [ intros w G; exact (H M E D G w) | intros G w; exact (H M E D w G) ].
Qed.
