(** * What the names of the logics mean

    A frame is a relation on worlds; a model on it adds which atoms are true. For
    each property of relations: the schema that textbooks know it by is valid on a
    frame exactly when the relation has the property. Then each logic once more:
    an accepted certificate makes the goal true in every model whose relation has
    the logic's properties. *)

From Coq Require Import List PArith Init.Byte.
From PXL Require Text.
From PXLModal Require Countermodel.
From PXLModal Require Import Syntax Semantics Transport.
Import ListNotations.
Local Open Scope positive_scope.

(** ** Correspondence

    A valuation gives each atom a proposition at each world. [p] is atom 1. *)
Section Correspondence.
Context {W : Type}.
Variable R : W -> W -> Prop.

Definition on_frame (V : W -> positive -> Prop) : model := Model W (fun _ => R) V.

Definition valid_on (f : mform) : Prop :=
  forall V (w : W), sat (on_frame V) w f.

Definition p : mform := Atom 1.
Definition schema_D : mform := Impl (Box 1 p) (Dia 1 p).
Definition schema_T : mform := Impl (Box 1 p) p.
Definition schema_B : mform := Impl p (Box 1 (Dia 1 p)).
Definition schema_4 : mform := Impl (Box 1 p) (Box 1 (Box 1 p)).
Definition schema_5 : mform := Impl (Dia 1 p) (Box 1 (Dia 1 p)).

Theorem serial_schema : valid_on schema_D <-> serial R.
Proof.
  split.
  - intros H w; destruct (H (fun _ _ => True) w (fun _ _ => I)) as (u & E & _).
    exact (ex_intro _ u E).
  - intros H V w B; destruct (H w) as (u & E); exact (ex_intro _ u (conj E (B u E))).
Qed.

Theorem reflexive_schema : valid_on schema_T <-> reflexive R.
Proof.
  split.
  - intros H w; exact (H (fun u _ => R w u) w (fun u E => E)).
  - intros H V w B; exact (B w (H w)).
Qed.

Theorem symmetric_schema : valid_on schema_B <-> symmetric R.
Proof.
  split.
  - intros H w u E; destruct (H (fun v _ => v = w) w eq_refl u E) as (v & F & ->); exact F.
  - intros H V w P u E; exact (ex_intro _ w (conj (H w u E) P)).
Qed.

Theorem transitive_schema : valid_on schema_4 <-> transitive R.
Proof.
  split.
  - intros H w u v E F; exact (H (fun v _ => R w v) w (fun v E => E) u E v F).
  - intros H V w B u E v F; exact (B v (H w u v E F)).
Qed.

Theorem euclidean_schema : valid_on schema_5 <-> euclidean R.
Proof.
  split.
  - intros H w u v E F.
    destruct (H (fun x _ => x = v) w (ex_intro _ v (conj F eq_refl)) u E) as (x & G & X).
    rewrite <- X; exact G.
  - intros H V w (v & F & P) u E; exact (ex_intro _ v (conj (H w u v E F) P)).
Qed.

(** ** What properties make of one another *)
Theorem reflexive_serial : reflexive R -> serial R.
Proof. exact (fun H w => ex_intro _ w (H w)). Qed.

Theorem symmetric_transitive_euclidean : symmetric R -> transitive R -> euclidean R.
Proof. exact (fun Y A w u v P Q => A u w v (Y w u P) Q). Qed.

Theorem symmetric_euclidean_transitive : symmetric R -> euclidean R -> transitive R.
Proof. exact (fun Y E w u v P Q => E u w v (Y w u P) Q). Qed.

Theorem reflexive_euclidean_symmetric : reflexive R -> euclidean R -> symmetric R.
Proof. exact (fun H E w u P => E w u w P (H w)). Qed.

Theorem serial_symmetric_transitive_reflexive :
  serial R -> symmetric R -> transitive R -> reflexive R.
Proof. intros H Y A w; destruct (H w) as (u & P); exact (A w u w P (Y w u P)). Qed.

(** S5 is also the logic of reflexive euclidean frames. *)
Theorem s5_reflexive_euclidean : class S5 R <-> reflexive R /\ euclidean R.
Proof.
  split.
  - exact (fun '(conj H (conj Y A)) => conj H (symmetric_transitive_euclidean Y A)).
  - intros [ H E ]; pose proof (reflexive_euclidean_symmetric H E) as Y.
    exact (conj H (conj Y (symmetric_euclidean_transitive Y E))).
Qed.

(** KB4 is also the logic of symmetric euclidean frames. *)
Theorem kb4_symmetric_euclidean : class KB4 R <-> symmetric R /\ euclidean R.
Proof.
  split.
  - exact (fun '(conj Y A) => conj Y (symmetric_transitive_euclidean Y A)).
  - exact (fun '(conj Y E) => conj Y (symmetric_euclidean_transitive Y E)).
Qed.
End Correspondence.

(** ** One relation *)
Lemma frame_single : forall l M, class l (access M 1) -> frame (single l) M.
Proof.
  intros l M C; split.
  - intros r k [ E | [] ]; injection E as <- <-; exact C.
  - intros r s [].
  - intros r s [].
Qed.

Lemma single_frame : forall l M, frame (single l) M -> class l (access M 1).
Proof. exact (fun l M F => frame_logic _ _ F 1 l (or_introl eq_refl)). Qed.

(** Validity in a logic, in words: true at every world of every decided model whose
    relation is of the logic's class. *)
Theorem valid_class : forall l f,
  Valid l f <-> forall M, decided M -> class l (access M 1) -> forall w, sat M w f.
Proof.
  intros l f; split.
  - exact (fun V M D C w => V M D (frame_single l M C) (fun g J => match J with end) w
      (fun d J => match J with end)).
  - exact (fun H M D F _ w _ => H M D (single_frame l M F) w).
Qed.

(** With excluded middle every model is decided. *)
Theorem valid_classic : (forall P : Prop, P \/ ~ P) -> forall l f,
  Valid l f -> forall M, class l (access M 1) -> forall w, sat M w f.
Proof.
  intros X l f V M; exact (proj1 (valid_class l f) V M (fun w g => X (sat M w g))).
Qed.

(** What holds in a class holds in each smaller one. *)
Theorem valid_smaller : forall k l f,
  (forall M : model, class l (access M 1) -> class k (access M 1)) -> Valid k f -> Valid l f.
Proof.
  intros k l f H V; apply valid_class; intros M D C.
  exact (proj1 (valid_class k f) V M D (H M C)).
Qed.

(** ** Each logic: what an accepted certificate shows

    [t] is the goal's text and [c] the certificate. *)
Definition checked (t : list byte) (l : logic) (f : mform) (c : list byte) : Prop :=
  check_entailed t (single l) [] [] f c = true.

Lemma checked_class : forall t l f c, checked t l f c ->
  forall M, decided M -> class l (access M 1) -> forall w, sat M w f.
Proof. intros t l f c E; apply valid_class; exact (entailed t (single l) [] [] f c E). Qed.

Definition certifies (l : logic) (P : forall W : Type, (W -> W -> Prop) -> Prop) : Prop :=
  forall t f c, checked t l f c ->
  forall M, decided M -> P (world M) (access M 1) -> forall w, sat M w f.

Theorem k_certified : certifies K (fun _ _ => True).
Proof. exact (fun t f c => checked_class t K f c). Qed.

Theorem d_certified : certifies D (@serial).
Proof. exact (fun t f c => checked_class t D f c). Qed.

Theorem t_certified : certifies T (@reflexive).
Proof. exact (fun t f c => checked_class t T f c). Qed.

Theorem b_certified : certifies B (fun _ R => reflexive R /\ symmetric R).
Proof. exact (fun t f c => checked_class t B f c). Qed.

Theorem kb_certified : certifies KB (@symmetric).
Proof. exact (fun t f c => checked_class t KB f c). Qed.

Theorem db_certified : certifies DB (fun _ R => serial R /\ symmetric R).
Proof. exact (fun t f c => checked_class t DB f c). Qed.

Theorem k4_certified : certifies K4 (@transitive).
Proof. exact (fun t f c => checked_class t K4 f c). Qed.

Theorem d4_certified : certifies D4 (fun _ R => serial R /\ transitive R).
Proof. exact (fun t f c => checked_class t D4 f c). Qed.

Theorem s4_certified : certifies S4 (fun _ R => reflexive R /\ transitive R).
Proof. exact (fun t f c => checked_class t S4 f c). Qed.

Theorem kb4_certified : certifies KB4 (fun _ R => symmetric R /\ transitive R).
Proof. exact (fun t f c => checked_class t KB4 f c). Qed.

Theorem k5_certified : certifies K5 (@euclidean).
Proof. exact (fun t f c => checked_class t K5 f c). Qed.

Theorem d5_certified : certifies D5 (fun _ R => serial R /\ euclidean R).
Proof. exact (fun t f c => checked_class t D5 f c). Qed.

Theorem k45_certified : certifies K45 (fun _ R => transitive R /\ euclidean R).
Proof. exact (fun t f c => checked_class t K45 f c). Qed.

Theorem kd45_certified :
  certifies KD45 (fun _ R => serial R /\ transitive R /\ euclidean R).
Proof. exact (fun t f c => checked_class t KD45 f c). Qed.

Theorem s5_certified :
  certifies S5 (fun _ R => reflexive R /\ symmetric R /\ transitive R).
Proof. exact (fun t f c => checked_class t S5 f c). Qed.

(** An accepted countermodel is one of the logic's. *)
Theorem refuted_class : forall t l f c, check_not_entailed t (single l) [] [] f c = true ->
  exists M, decided M /\ class l (access M 1) /\ exists w, ~ sat M w f.
Proof.
  intros t l f c; unfold check_not_entailed.
  destruct (PXL.Text.same_text _ t); [ | discriminate ].
  destruct (read_countermodel (single l) c) as [ [m w] | ]; [ intros E | discriminate ].
  destruct (Countermodel.check_countermodel_model _ _ _ _ _ _ E) as (D & F & _ & u & _ & N).
  exact (ex_intro _ _ (conj D (conj (single_frame l _ F) (ex_intro _ u N)))).
Qed.
