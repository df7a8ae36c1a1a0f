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

(** ** Finite universal models, by computation

    What [soundness] says of finite universal models, proved once more: the
    checker of countermodels rests on it, and evaluation makes a proof that is
    much shorter than the way through Kripke models. *)
Definition always (t : bool -> bool) : bool := t true && t false.

Lemma always_true : forall t, always t = true -> forall b, t b = true.
Proof.
  intros t E; unfold always in E.
  destruct (t true) eqn:P; [ intros []; [ exact P | exact E ] | discriminate E ].
Qed.

Lemma always2_true : forall t : bool -> bool -> bool,
  always (fun a => always (t a)) = true -> forall a b, t a b = true.
Proof. intros t E a; exact (always_true _ (always_true _ E a)). Qed.

Lemma always3_true : forall t : bool -> bool -> bool -> bool,
  always (fun a => always (fun b => always (t a b))) = true -> forall a b c, t a b c = true.
Proof. intros t E a; exact (always2_true _ (always_true _ E a)). Qed.

Lemma implb_mp : forall a b, implb a b = true -> a = true -> b = true.
Proof. intros a b E F; rewrite F in E; exact E. Qed.

Lemma forallb_in : forall A (t : A -> bool) m v, In v m -> implb (forallb t m) (t v) = true.
Proof.
  intros A t m v; induction m as [ | u m IH ]; [ intros [] | ].
  simpl; intros [ [] | J ].
  - exact (always2_true (fun a b => implb (a && b) a) eq_refl _ _).
  - destruct (t u); [ exact (IH J) | exact eq_refl ].
Qed.

Lemma forallb_all : forall A (t : A -> bool) m,
  (forall v, In v m -> t v = true) -> forallb t m = true.
Proof.
  intros A t m; induction m as [ | u m IH ]; intros H; [ exact eq_refl | simpl ].
  rewrite (H u (or_introl eq_refl)); exact (IH (fun v J => H v (or_intror J))).
Qed.

Lemma forallb_implb : forall A (s t : A -> bool) m,
  implb (forallb (fun u => implb (s u) (t u)) m) (implb (forallb s m) (forallb t m)) = true.
Proof.
  intros A s t m; induction m as [ | u m IH ]; [ exact eq_refl | simpl ].
  destruct (s u), (t u); try exact IH; try exact eq_refl;
    exact (always_true (fun b => implb b true) eq_refl _).
Qed.

Lemma forallb_same : forall A b (m : list A), implb b (forallb (fun _ => b) m) = true.
Proof.
  intros A [] m; [ induction m as [ | u m IH ]; [ exact eq_refl | exact IH ] | exact eq_refl ].
Qed.

Lemma existsb_forallb : forall A (t : A -> bool) m,
  existsb t m = negb (forallb (fun u => negb (t u)) m).
Proof.
  intros A t m; induction m as [ | u m IH ]; [ exact eq_refl | simpl ].
  destruct (t u); [ exact eq_refl | exact IH ].
Qed.

Theorem soundness_finite : forall f, Prov f -> valid f.
Proof.
  assert (same : forall a b, a = b -> implb a b = true).
  { intros a b []; exact (always_true (fun a => implb a a) eq_refl a). }
  intros f P m; induction P; intros v V; set (e := eval m v).
  - exact (always2_true (fun a b => implb a (implb b a)) eq_refl (e a) (e b)).
  - exact (always3_true (fun a b c =>
      implb (implb a (implb b c)) (implb (implb a b) (implb a c))) eq_refl (e a) (e b) (e c)).
  - exact eq_refl.
  - exact (always_true (fun a => implb (negb (negb a)) a) eq_refl (e a)).
  - exact (always_true (fun a => implb (negb a) (implb a false)) eq_refl (e a)).
  - exact (always_true (fun a => implb (implb a false) (negb a)) eq_refl (e a)).
  - exact (always2_true (fun a b => implb (a && b) a) eq_refl (e a) (e b)).
  - exact (always2_true (fun a b => implb (a && b) b) eq_refl (e a) (e b)).
  - exact (always2_true (fun a b => implb a (implb b (a && b))) eq_refl (e a) (e b)).
  - exact (always2_true (fun a b => implb a (a || b)) eq_refl (e a) (e b)).
  - exact (always2_true (fun a b => implb b (a || b)) eq_refl (e a) (e b)).
  - exact (always3_true (fun a b c =>
      implb (implb a c) (implb (implb b c) (implb (a || b) c))) eq_refl (e a) (e b) (e c)).
  - exact (always2_true (fun a b => implb (eqb a b) (implb a b)) eq_refl (e a) (e b)).
  - exact (always2_true (fun a b => implb (eqb a b) (implb b a)) eq_refl (e a) (e b)).
  - exact (always2_true (fun a b =>
      implb (implb a b) (implb (implb b a) (eqb a b))) eq_refl (e a) (e b)).
  - exact (forallb_implb _ (fun u => eval m u a) (fun u => eval m u b) m).
  - exact (forallb_in _ (fun u => eval m u a) m v V).
  - exact (forallb_same _ (e (Box a)) m).
  - exact (forallb_same _ (e (Dia a)) m).
  - exact (same _ _ (existsb_forallb _ (fun u => eval m u a) m)).
  - exact (same _ _ (eq_sym (existsb_forallb _ (fun u => eval m u a) m))).
  - exact (implb_mp (e a) (e b) (IHP1 v V) (IHP2 v V)).
  - exact (forallb_all _ (fun u => eval m u a) m IHP).
Qed.

(** ** Consistency

    One world is enough to refute [Bot]. *)
Theorem consistency : ~ Prov Bot.
Proof.
  intros P.
  discriminate (soundness_finite Bot P [fun _ => false] _ (or_introl eq_refl)).
Qed.
