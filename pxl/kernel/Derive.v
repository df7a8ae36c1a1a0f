(** * Derivations from hypotheses

    [Derives G f] says that [f] follows from the hypotheses [G] in the Hilbert
    system. Necessitation applies to theorems only, so the deduction theorem
    holds, and proofs read like natural deduction. *)

From Coq Require Import List.
From PXL Require Import Form Prov.
Import ListNotations.

Inductive Derives (G : list form) : form -> Prop :=
| by_hyp : forall f, In f G -> Derives G f
| by_prov : forall f, Prov f -> Derives G f
| by_mp : forall a b, Derives G (Impl a b) -> Derives G a -> Derives G b.

Lemma derives_nil : forall f, Derives [] f -> Prov f.
Proof.
  intros f D; induction D as [ f [] | f P | a b _ A _ B ];
    [ exact P | exact (mp _ _ A B) ].
Qed.

Lemma derives_head : forall G f, Derives (f :: G) f.
Proof. intros G f; apply by_hyp; left; reflexivity. Qed.

Lemma derives_cut : forall G H f,
  (forall g, In g G -> Derives H g) -> Derives G f -> Derives H f.
Proof.
  intros G H f C D; induction D as [ f I | f P | a b _ A _ B ].
  - exact (C f I).
  - exact (by_prov H f P).
  - exact (by_mp H a b A B).
Qed.

Lemma derives_weaken : forall G H f, incl G H -> Derives G f -> Derives H f.
Proof. intros G H f I; apply derives_cut; intros g J; apply by_hyp, I, J. Qed.

Lemma derives_tail : forall G f g, Derives G f -> Derives (g :: G) f.
Proof. intros G f g; apply derives_weaken, incl_tl, incl_refl. Qed.

(** ** The deduction theorem *)
Theorem deduction : forall G a b, Derives (a :: G) b -> Derives G (Impl a b).
Proof.
  intros G a b D; induction D as [ f [ <- | I ] | f P | f g _ F _ E ].
  - apply by_prov, (mp _ _ (mp _ _ (ax_s a (Impl a a) a) (ax_k _ _)) (ax_k _ _)).
  - apply (by_mp _ f); [ apply by_prov, ax_k | apply by_hyp, I ].
  - apply by_prov, (mp _ _ (ax_k _ _) P).
  - apply (by_mp _ (Impl a f)); [ | exact E ].
    apply (by_mp _ (Impl a (Impl f g))); [ apply by_prov, ax_s | exact F ].
Qed.

(** ** Propositional rules *)

Lemma derives_by : forall G a b, Prov (Impl a b) -> Derives G a -> Derives G b.
Proof. intros G a b P; apply by_mp, by_prov, P. Qed.

Lemma derives_by2 : forall G a b c,
  Prov (Impl a (Impl b c)) -> Derives G a -> Derives G b -> Derives G c.
Proof. intros G a b c P A; apply by_mp, (derives_by _ _ _ P A). Qed.

Lemma absurd : forall G a f, Derives G (Neg a) -> Derives G a -> Derives G f.
Proof.
  intros G a f N A; apply (derives_by _ _ _ (ax_bot f)).
  exact (derives_by2 _ _ _ _ (ax_neg_e a) N A).
Qed.

Lemma neg_intro : forall G a, Derives (a :: G) Bot -> Derives G (Neg a).
Proof. intros G a D; apply (derives_by _ _ _ (ax_neg_i a)), deduction, D. Qed.

Lemma neg_neg : forall G a, Derives G a -> Derives G (Neg (Neg a)).
Proof.
  intros G a A; apply neg_intro, (absurd _ a); [ apply derives_head | apply derives_tail, A ].
Qed.

(** To refute [a] is to refute what follows from it. *)
Lemma refute : forall G a b, Derives (a :: G) b -> Derives G (Neg b) -> Derives G (Neg a).
Proof.
  intros G a b D N; apply neg_intro, (absurd _ b); [ apply derives_tail, N | exact D ].
Qed.

Lemma by_cases : forall G a f,
  Derives (a :: G) f -> Derives (Neg a :: G) f -> Derives G f.
Proof.
  intros G a f P N; apply (derives_by _ _ _ (ax_dne f)), neg_intro.
  apply (absurd _ f); [ apply derives_head | ].
  apply (by_mp _ (Neg a)); [ apply derives_tail, deduction, N | ].
  apply (refute _ _ f); [ | apply derives_head ].
  apply (derives_weaken (a :: G)); [ | exact P ].
  intros g [ E | I ]; [ left; exact E | right; right; exact I ].
Qed.

(** ** The conjunction of a list *)

Definition conj_all (l : list form) : form := fold_right Conj (Neg Bot) l.

Lemma conj_all_intro : forall G l, incl l G -> Derives G (conj_all l).
Proof.
  intros G l; induction l as [ | f l IH ]; intros I; simpl.
  - apply neg_intro, derives_head.
  - apply (derives_by2 _ _ _ _ (ax_conj_i f (conj_all l))).
    + apply by_hyp, I; left; reflexivity.
    + apply IH; intros g J; apply I; right; exact J.
Qed.

Lemma conj_all_elim : forall G l f, Derives G (conj_all l) -> In f l -> Derives G f.
Proof.
  intros G l f; induction l as [ | g l IH ]; [ intros _ [] | intros D [ <- | I ] ].
  - exact (derives_by _ _ _ (ax_conj_l _ _) D).
  - apply IH; [ exact (derives_by _ _ _ (ax_conj_r _ _) D) | exact I ].
Qed.

(** ** Rigid formulas

    A rigid formula implies its own necessity: boxes by axiom 4, diamonds by
    axiom 5, negated diamonds because they are boxes. What follows from rigid
    hypotheses is necessary. *)

Definition rigid (f : form) : Prop := Prov (Impl f (Box f)).

Lemma prov_impl : forall a b, Derives [a] b -> Prov (Impl a b).
Proof. intros a b D; apply derives_nil, deduction, D. Qed.

Theorem necessitation : forall G f,
  (forall g, In g G -> rigid g) -> Derives G f -> Derives G (Box f).
Proof.
  intros G f R D; induction D as [ f I | f P | a b _ A _ B ].
  - apply (derives_by _ _ _ (R f I)), by_hyp, I.
  - apply by_prov, nec, P.
  - exact (derives_by2 _ _ _ _ (ax_K a b) A B).
Qed.

Lemma rigid_box : forall a, rigid (Box a).
Proof. exact ax_4. Qed.

Lemma rigid_dia : forall a, rigid (Dia a).
Proof. exact ax_5. Qed.

Lemma neg_dia_box : forall G a, Derives G (Neg (Dia a)) -> Derives G (Box (Neg a)).
Proof.
  intros G a N; apply (derives_by _ _ _ (ax_dne _)).
  apply (refute _ _ (Dia a)); [ | exact N ].
  apply (derives_by _ _ _ (ax_dual_r a)), derives_head.
Qed.

Lemma box_neg_dia : forall G a, Derives G (Box (Neg a)) -> Derives G (Neg (Dia a)).
Proof.
  intros G a B; apply (refute _ _ (Neg (Box (Neg a)))); [ | apply neg_neg, B ].
  apply (derives_by _ _ _ (ax_dual_l a)), derives_head.
Qed.

Lemma rigid_neg_dia : forall a, rigid (Neg (Dia a)).
Proof.
  intros a; apply prov_impl, (by_mp _ (Box (Box (Neg a)))).
  - apply (derives_by _ _ _ (ax_K _ _)), by_prov, nec, prov_impl.
    apply box_neg_dia, derives_head.
  - apply (derives_by _ _ _ (ax_4 _)), neg_dia_box, derives_head.
Qed.

Lemma dia_intro : forall G a, Derives G a -> Derives G (Dia a).
Proof.
  intros G a A; apply (derives_by _ _ _ (ax_dual_r a)).
  apply (refute _ _ (Neg a)); [ | apply neg_neg, A ].
  apply (derives_by _ _ _ (ax_T _)), derives_head.
Qed.
