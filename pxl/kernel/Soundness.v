(** * Soundness of the Hilbert system

    Every theorem of S5 is true at every world of every Kripke model over an
    equivalence relation, hence in every finite universal one; so [Bot] is no
    theorem. *)

From Coq Require Import List Bool.
From PXL Require Import Form Prov Semantics.
Import ListNotations.

(** ** Kripke models

    Each axiom is true at each world, and the rules keep that. [decided] is the
    excluded middle that [ax_dne] and [ax_dual_r] need; [ax_T] needs access to
    be reflexive, [ax_4] transitive, [ax_5] symmetric and transitive. *)
Theorem soundness : forall f, Prov f ->
  forall M, equivalence M -> decided M -> forall w, sat M w f.
Proof.
  intros f P M (R & S & T) D.
  induction P; intros w; simpl in *.
  - tauto.
  - tauto.
  - tauto.
  - intros N; destruct (D w a); [ assumption | contradiction ].
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - tauto.
  - intros K A u W; exact (K u W (A u W)).
  - intros A; exact (A w (R w)).
  - intros A u W v U; exact (A v (T w u v W U)).
  - intros (u & W & A) v V; exists u; split; [ exact (T v w u (S w v V) W) | exact A ].
  - intros (u & W & A) N; exact (N u W A).
  - intros N; destruct (D w (Dia a)) as [ A | A ]; [ exact A | ].
    destruct N; intros u W B; apply A; exists u; split; assumption.
  - exact (IHP1 w (IHP2 w)).
  - intros u _; exact (IHP u).
Qed.

(** With excluded middle as a hypothesis, every model is decided. *)
Theorem soundness_classic : (forall P : Prop, P \/ ~ P) ->
  forall f, Prov f -> forall M, equivalence M -> forall w, sat M w f.
Proof.
  intros X f P M E w.
  exact (soundness f P M E (fun u g => X (sat M u g)) w).
Qed.

(** ** Finite universal models

    A list of valuations is a Kripke model: its members are the worlds, and
    each sees each. It is an equivalence, [sat] agrees with [eval], so it is
    decided, and [soundness] applies to it without any axiom. *)
Definition universal (m : list valuation) : model := {|
  world := {v : valuation | In v m};
  access := fun _ _ => True;
  holds := fun w p => proj1_sig w p = true
|}.

Lemma universal_equivalence : forall m, equivalence (universal m).
Proof. intros m; repeat split. Qed.

Lemma sat_universal : forall m f (w : world (universal m)),
  sat (universal m) w f <-> eval m (proj1_sig w) f = true.
Proof.
  intros m f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                             | f IHf g IHg | f IHf g IHg | f IH | f IH ];
    intros w; simpl.
  - reflexivity.
  - split; [ contradiction | discriminate ].
  - rewrite IH, negb_true_iff, not_true_iff_false; reflexivity.
  - rewrite IHf, IHg, andb_true_iff; reflexivity.
  - rewrite IHf, IHg, orb_true_iff; reflexivity.
  - rewrite IHf, IHg, implb_true_iff; reflexivity.
  - rewrite IHf, IHg, eqb_true_iff; symmetry; apply eq_iff_eq_true.
  - rewrite forallb_forall; split.
    + intros A u U; exact (proj1 (IH (exist _ u U)) (A (exist _ u U) I)).
    + intros A u _; apply IH, A, (proj2_sig u).
  - rewrite existsb_exists; split.
    + intros (u & _ & A); exists (proj1_sig u); split; [ exact (proj2_sig u) | apply IH, A ].
    + intros (u & U & A); exists (exist _ u U); split; [ exact I | apply IH, A ].
Qed.

Lemma universal_decided : forall m, decided (universal m).
Proof.
  intros m w f; rewrite sat_universal.
  destruct (eval m (proj1_sig w) f); [ left; reflexivity | right; discriminate ].
Qed.

Theorem soundness_finite : forall f, Prov f -> valid f.
Proof.
  intros f P m v V.
  apply (sat_universal m f (exist _ v V)), soundness;
    [ exact P | apply universal_equivalence | apply universal_decided ].
Qed.

(** ** Consistency

    One world is enough to refute [Bot]. *)
Theorem consistency : ~ Prov Bot.
Proof.
  intros P.
  discriminate (soundness_finite Bot P [fun _ => false] _ (or_introl eq_refl)).
Qed.
