(** * The language of v4, and the kernel formula that each of its formulas is

    More connectives than the kernel has, each with the meaning that textbooks
    give it, and [core], which spells them out. [pxl/overlays/v4/definitions.py]
    does the same to what the server reads. *)

From Coq Require Import List PArith.
From PXL Require Import Form Semantics.
Import ListNotations.

Inductive form4 : Type :=
| Atom4 (p : positive)
| Top4
| Bot4
| Neg4 (a : form4)
| Conj4 (a b : form4)
| Disj4 (a b : form4)
| Impl4 (a b : form4)
| Iff4 (a b : form4)
| Box4 (a : form4)
| Dia4 (a : form4)
| Xor4 (a b : form4)
| Nand4 (a b : form4)
| Nor4 (a b : form4)
| Implied4 (a b : form4)
| Strict4 (a b : form4)
| Contingent4 (a : form4)
| All4 (l : list form4)
| Any4 (l : list form4).

(** ** Meaning, stated directly *)

Fixpoint sat4 (M : model) (w : world M) (f : form4) : Prop :=
  match f with
  | Atom4 p => holds M w p
  | Top4 => True
  | Bot4 => False
  | Neg4 a => ~ sat4 M w a
  | Conj4 a b => sat4 M w a /\ sat4 M w b
  | Disj4 a b => sat4 M w a \/ sat4 M w b
  | Impl4 a b => sat4 M w a -> sat4 M w b
  | Iff4 a b => sat4 M w a <-> sat4 M w b
  | Box4 a => forall u, access M w u -> sat4 M u a
  | Dia4 a => exists u, access M w u /\ sat4 M u a
  | Xor4 a b => (sat4 M w a /\ ~ sat4 M w b) \/ (~ sat4 M w a /\ sat4 M w b)
  | Nand4 a b => ~ (sat4 M w a /\ sat4 M w b)
  | Nor4 a b => ~ sat4 M w a /\ ~ sat4 M w b
  | Implied4 a b => sat4 M w b -> sat4 M w a
  | Strict4 a b => forall u, access M w u -> sat4 M u a -> sat4 M u b
  | Contingent4 a =>
      (exists u, access M w u /\ sat4 M u a) /\ (exists u, access M w u /\ ~ sat4 M u a)
  | All4 l => (fix all l := match l with [] => True | a :: r => sat4 M w a /\ all r end) l
  | Any4 l => (fix any l := match l with [] => False | a :: r => sat4 M w a \/ any r end) l
  end.

(** ** The kernel formula

    Chains group to the left; the empty ones are truth and falsity. *)

Definition chain (join : form -> form -> form) (empty : form) (l : list form) : form :=
  match l with
  | [] => empty
  | a :: r => fold_left join r a
  end.

Fixpoint core (f : form4) : form :=
  match f with
  | Atom4 p => Atom p
  | Top4 => Neg Bot
  | Bot4 => Bot
  | Neg4 a => Neg (core a)
  | Conj4 a b => Conj (core a) (core b)
  | Disj4 a b => Disj (core a) (core b)
  | Impl4 a b => Impl (core a) (core b)
  | Iff4 a b => Iff (core a) (core b)
  | Box4 a => Box (core a)
  | Dia4 a => Dia (core a)
  | Xor4 a b => Neg (Iff (core a) (core b))
  | Nand4 a b => Neg (Conj (core a) (core b))
  | Nor4 a b => Neg (Disj (core a) (core b))
  | Implied4 a b => Impl (core b) (core a)
  | Strict4 a b => Box (Impl (core a) (core b))
  | Contingent4 a => Conj (Dia (core a)) (Dia (Neg (core a)))
  | All4 l => chain Conj (Neg Bot) (map core l)
  | Any4 l => chain Disj Bot (map core l)
  end.

(** ** The kernel's formulas among them *)

Fixpoint embed (f : form) : form4 :=
  match f with
  | Atom p => Atom4 p
  | Bot => Bot4
  | Neg a => Neg4 (embed a)
  | Conj a b => Conj4 (embed a) (embed b)
  | Disj a b => Disj4 (embed a) (embed b)
  | Impl a b => Impl4 (embed a) (embed b)
  | Iff a b => Iff4 (embed a) (embed b)
  | Box a => Box4 (embed a)
  | Dia a => Dia4 (embed a)
  end.

Theorem core_embed : forall f, core (embed f) = f.
Proof. intros f; induction f; simpl; congruence. Qed.

(** ** Induction that reaches into lists *)

Section Induction.
  Variable P : form4 -> Prop.
  Hypothesis leaf : forall f, match f with Atom4 _ | Top4 | Bot4 => P f | _ => True end.
  Hypothesis one : forall f a, P a ->
    match f with
    | Neg4 b | Box4 b | Dia4 b | Contingent4 b => a = b -> P f
    | _ => True
    end.
  Hypothesis two : forall f a b, P a -> P b ->
    match f with
    | Conj4 c d | Disj4 c d | Impl4 c d | Iff4 c d | Xor4 c d | Nand4 c d | Nor4 c d
    | Implied4 c d | Strict4 c d => a = c -> b = d -> P f
    | _ => True
    end.
  Hypothesis all : forall l, Forall P l -> P (All4 l).
  Hypothesis any : forall l, Forall P l -> P (Any4 l).

  Fixpoint form4_induction (f : form4) : P f :=
    let each := fix each (l : list form4) : Forall P l :=
      match l with
      | [] => Forall_nil P
      | a :: r => Forall_cons a (form4_induction a) (each r)
      end in
    match f with
    | Atom4 p => leaf (Atom4 p)
    | Top4 => leaf Top4
    | Bot4 => leaf Bot4
    | Neg4 a => one (Neg4 a) a (form4_induction a) eq_refl
    | Box4 a => one (Box4 a) a (form4_induction a) eq_refl
    | Dia4 a => one (Dia4 a) a (form4_induction a) eq_refl
    | Contingent4 a => one (Contingent4 a) a (form4_induction a) eq_refl
    | Conj4 a b => two (Conj4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Disj4 a b => two (Disj4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Impl4 a b => two (Impl4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Iff4 a b => two (Iff4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Xor4 a b => two (Xor4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Nand4 a b => two (Nand4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Nor4 a b => two (Nor4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Implied4 a b => two (Implied4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | Strict4 a b => two (Strict4 a b) a b (form4_induction a) (form4_induction b) eq_refl eq_refl
    | All4 l => all l (each l)
    | Any4 l => any l (each l)
    end.
End Induction.

(** ** They mean the same *)

Lemma sat_conj_chain : forall M w (r : list form) a,
  sat M w (fold_left Conj r a) <-> sat M w a /\ Forall (sat M w) r.
Proof.
  intros M w r; induction r as [ | b r IH ]; intros a; simpl.
  - split; [ intros H; split; [ exact H | constructor ] | intros [H _]; exact H ].
  - rewrite IH; simpl; split.
    + intros [[Ha Hb] Hr]; split; [ exact Ha | constructor; assumption ].
    + intros [Ha Hr]; inversion Hr; subst; repeat split; assumption.
Qed.

Lemma sat_disj_chain : forall M w (r : list form) a,
  sat M w (fold_left Disj r a) <-> sat M w a \/ Exists (sat M w) r.
Proof.
  intros M w r; induction r as [ | b r IH ]; intros a; simpl.
  - split; [ intros H; left; exact H | intros [H | H]; [ exact H | inversion H ] ].
  - rewrite IH; simpl; split.
    + intros [[Ha | Hb] | Hr]; [ left; exact Ha | right; left; exact Hb | right; right; exact Hr ].
    + intros [Ha | Hr]; [ left; left; exact Ha | ].
      inversion Hr; subst; [ left; right; assumption | right; assumption ].
Qed.

(** In any model in which every formula is true or not at every world. *)
Theorem core_ok : forall M, decided M -> forall f w, sat4 M w f <-> sat M w (core f).
Proof.
  intros M D; apply (form4_induction (fun f => forall w, sat4 M w f <-> sat M w (core f))).
  - intros f; destruct f; try exact I; intros w; simpl; tauto.
  - intros f a IH; destruct f; try exact I; intros <-; intros w; simpl.
    + rewrite IH; reflexivity.
    + split; intros H u A; apply IH, H, A.
    + split; intros [u [A H]]; exists u; (split; [ exact A | apply IH, H ]).
    + split; intros [[u [A H]] [v [B G]]]; split.
      * exists u; split; [ exact A | apply IH, H ].
      * exists v; split; [ exact B | intros K; apply G, IH, K ].
      * exists u; split; [ exact A | apply IH, H ].
      * exists v; split; [ exact B | intros K; apply G, IH, K ].
  - intros f a b IHa IHb; destruct f; try exact I; intros <- <-; intros w; simpl;
      try (rewrite IHa, IHb; tauto).
    + rewrite IHa, IHb; destruct (D w (core a)), (D w (core b)); tauto.
    + split; intros H u A K; apply IHb, (H u A), IHa, K.
  - intros l IH w; simpl; destruct l as [ | a r ]; simpl; [ tauto | ].
    rewrite sat_conj_chain; inversion IH as [ | ? ? Ha Hr ]; subst; rewrite Ha.
    apply and_iff_compat_l; clear Ha IH; induction r as [ | b r IHr ]; simpl.
    + split; [ intros _; constructor | exact (fun _ => I) ].
    + inversion Hr as [ | ? ? Hb Hr' ]; subst; rewrite Hb, (IHr Hr'); split.
      * intros [H G]; constructor; assumption.
      * intros H; inversion H; subst; split; assumption.
  - intros l IH w; simpl; destruct l as [ | a r ]; simpl; [ tauto | ].
    rewrite sat_disj_chain; inversion IH as [ | ? ? Ha Hr ]; subst; rewrite Ha.
    apply or_iff_compat_l; clear Ha IH; induction r as [ | b r IHr ]; simpl.
    + split; [ intros [] | intros H; inversion H ].
    + inversion Hr as [ | ? ? Hb Hr' ]; subst; rewrite Hb, (IHr Hr'); split.
      * intros [H | H]; [ left; exact H | right; exact H ].
      * intros H; inversion H; subst; [ left; assumption | right; assumption ].
Qed.
