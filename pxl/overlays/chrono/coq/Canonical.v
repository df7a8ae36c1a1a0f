(** * A formula of time and its canonical text

    The text identifies the formula, and an answer that was accepted carries the
    text of its goal. Apart from [Text], so that a session need not load it. *)

From Coq Require Import List PArith Bool Init.Byte DecimalPos DecimalNat.
From PXL Require Import Form Text.
From PXL Require Canonical.
From PXLChrono Require Import Syntax Text Transport.
Import ListNotations.
Local Open Scope byte_scope.

(** What follows a number, and what follows a formula that has no parentheses of its own. *)
Definition separate (k : text) : Prop :=
  match k with [] => True | b :: _ => digit b = None end.
Definition closing (k : text) : Prop := match k with [] => True | b :: _ => b = ")" end.

Lemma closing_separate : forall k, closing k -> separate k.
Proof. intros [ | b k ] E; [ exact I | simpl in *; rewrite E; reflexivity ]. Qed.

Lemma put_digits_inj : forall u v k l, separate k -> separate l ->
  put_digits u k = put_digits v l -> u = v /\ k = l.
Proof.
  induction u; destruct v; simpl; intros k l K L E; try discriminate E;
    try (injection E as E; destruct (IHu v k l K L E); split; congruence);
    try (rewrite E in K; discriminate K); try (rewrite <- E in L; discriminate L).
  split; [ reflexivity | exact E ].
Qed.

(** ** Binary operators *)
Inductive binop : Type :=
| OConj | ODisj | OImpl | OIff | OUntil | OWeak | ORelease | OStrong | OSince | OTriggered.

Definition make (o : binop) : tform -> tform -> tform :=
  match o with
  | OConj => Conj | ODisj => Disj | OImpl => Impl | OIff => Iff
  | OUntil => Until | OWeak => WeakUntil | ORelease => Release | OStrong => StrongRelease
  | OSince => Since | OTriggered => Triggered
  end.

Definition sign (o : binop) (k : text) : text :=
  match o with
  | OConj => " " :: "/" :: "\" :: " " :: k
  | ODisj => " " :: "\" :: "/" :: " " :: k
  | OImpl => " " :: "-" :: ">" :: " " :: k
  | OIff => " " :: "<" :: "-" :: ">" :: " " :: k
  | OUntil => " " :: "U" :: " " :: k
  | OWeak => " " :: "W" :: " " :: k
  | ORelease => " " :: "R" :: " " :: k
  | OStrong => " " :: "M" :: " " :: k
  | OSince => " " :: "S" :: " " :: k
  | OTriggered => " " :: "T" :: " " :: k
  end.

Definition view (f : tform) : option (binop * tform * tform) :=
  match f with
  | Conj a b => Some (OConj, a, b)
  | Disj a b => Some (ODisj, a, b)
  | Impl a b => Some (OImpl, a, b)
  | Iff a b => Some (OIff, a, b)
  | Until a b => Some (OUntil, a, b)
  | WeakUntil a b => Some (OWeak, a, b)
  | Release a b => Some (ORelease, a, b)
  | StrongRelease a b => Some (OStrong, a, b)
  | Since a b => Some (OSince, a, b)
  | Triggered a b => Some (OTriggered, a, b)
  | _ => None
  end.

Lemma view_make : forall f o a b, view f = Some (o, a, b) -> f = make o a b.
Proof. intros [] o x y E; try discriminate E; injection E as <- <- <-; reflexivity. Qed.

Lemma put_unit : forall o a b k,
  put true (make o a b) k = "(" :: put true a (sign o (put true b (")" :: k))).
Proof. intros []; reflexivity. Qed.

Lemma put_bare : forall o a b k, put false (make o a b) k = put true a (sign o (put true b k)).
Proof. intros []; reflexivity. Qed.

Lemma put_other : forall f k, view f = None -> put false f k = put true f k.
Proof. intros [] k E; try discriminate E; reflexivity. Qed.

Lemma other_first : forall f k l, view f = None -> put true f k <> "(" :: l.
Proof. intros [] k l E; try discriminate E; discriminate. Qed.

Lemma sign_inj : forall o p k l, sign o k = sign p l -> o = p /\ k = l.
Proof. intros [] [] k l E; try discriminate E; injection E as E; auto. Qed.

Lemma separate_sign : forall o k, separate (sign o k).
Proof. intros []; reflexivity. Qed.

Lemma closing_sign : forall o k, ~ closing (sign o k).
Proof. intros []; discriminate. Qed.

(** ** The text identifies the formula, and where it ends *)
Definition unit_unique (f : tform) : Prop := forall g k l, separate k -> separate l ->
  put true f k = put true g l -> f = g /\ k = l.
Definition bare_unique (f : tform) : Prop := forall g k l, closing k -> closing l ->
  put false f k = put false g l -> f = g /\ k = l.

Lemma other_unique : forall f, view f = None -> unit_unique f -> unit_unique f /\ bare_unique f.
Proof.
  intros f V U; split; [ exact U | intros g k l K L E ].
  rewrite (put_other f k V) in E.
  destruct (view g) as [ [ [ o a ] b ] | ] eqn:W.
  - rewrite (view_make _ _ _ _ W), put_bare in E.
    destruct (U _ _ _ (closing_separate k K) (separate_sign _ _) E) as [ _ X ].
    rewrite X in K; destruct (closing_sign _ _ K).
  - rewrite (put_other g l W) in E.
    exact (U _ _ _ (closing_separate k K) (closing_separate l L) E).
Qed.

Lemma binary_unique : forall o a b, unit_unique a -> unit_unique b ->
  unit_unique (make o a b) /\ bare_unique (make o a b).
Proof.
  intros o a b A B; split; intros g k l K L E.
  - rewrite put_unit in E; destruct (view g) as [ [ [ p c ] d ] | ] eqn:W.
    + rewrite (view_make _ _ _ _ W), put_unit in E; rewrite (view_make _ _ _ _ W).
      injection E as E.
      destruct (A _ _ _ (separate_sign _ _) (separate_sign _ _) E) as [ <- X ].
      apply sign_inj in X; destruct X as [ <- X ].
      destruct (B d (")" :: k) (")" :: l) eq_refl eq_refl X) as [ <- Y ].
      injection Y as Y; exact (conj eq_refl Y).
    + destruct (other_first g l _ W (eq_sym E)).
  - rewrite put_bare in E; destruct (view g) as [ [ [ p c ] d ] | ] eqn:W.
    + rewrite (view_make _ _ _ _ W), put_bare in E; rewrite (view_make _ _ _ _ W).
      destruct (A _ _ _ (separate_sign _ _) (separate_sign _ _) E) as [ <- X ].
      apply sign_inj in X; destruct X as [ <- X ].
      destruct (B d k l (closing_separate k K) (closing_separate l L) X) as [ <- Y ].
      exact (conj eq_refl Y).
    + rewrite (put_other g l W) in E.
      destruct (A _ _ _ (separate_sign _ _) (closing_separate l L) E) as [ _ X ].
      rewrite <- X in L; destruct (closing_sign _ _ L).
Qed.

Lemma prefix_unique : forall f, bare_unique f -> forall g (k l : text),
  put false f (")" :: k) = put false g (")" :: l) -> f = g /\ k = l.
Proof.
  intros f B g k l E; destruct (B g (")" :: k) (")" :: l) eq_refl eq_refl E) as [ X Y ].
  injection Y as Y; exact (conj X Y).
Qed.

Lemma unique : forall f, unit_unique f /\ bare_unique f.
Proof.
  induction f.
  4: exact (binary_unique OConj _ _ (proj1 IHf1) (proj1 IHf2)).
  4: exact (binary_unique ODisj _ _ (proj1 IHf1) (proj1 IHf2)).
  4: exact (binary_unique OImpl _ _ (proj1 IHf1) (proj1 IHf2)).
  4: exact (binary_unique OIff _ _ (proj1 IHf1) (proj1 IHf2)).
  7: exact (binary_unique OUntil _ _ (proj1 IHf1) (proj1 IHf2)).
  7: exact (binary_unique OWeak _ _ (proj1 IHf1) (proj1 IHf2)).
  7: exact (binary_unique ORelease _ _ (proj1 IHf1) (proj1 IHf2)).
  7: exact (binary_unique OStrong _ _ (proj1 IHf1) (proj1 IHf2)).
  11: exact (binary_unique OSince _ _ (proj1 IHf1) (proj1 IHf2)).
  11: exact (binary_unique OTriggered _ _ (proj1 IHf1) (proj1 IHf2)).
  all: apply other_unique; [ reflexivity | ]; intros g k l K L E; destruct g; try discriminate E.
  1: injection E as E; destruct (put_digits_inj _ _ k l K L E) as [ X Y ];
     apply DecimalPos.Unsigned.to_uint_inj in X; split; congruence.
  1: injection E as E; split; congruence.
  1: injection E as E; destruct (proj1 IHf _ k l K L E); split; congruence.
  all: try (injection E as E; destruct (prefix_unique f (proj2 IHf) _ k l E); split; congruence).
  injection E as E.
  assert (O : forall t, separate ("(" :: t)) by reflexivity.
  destruct (put_digits_inj _ _ _ _ (O _) (O _) E) as [ X Y ].
  apply DecimalNat.Unsigned.to_uint_inj in X; injection Y as Y.
  destruct (prefix_unique f (proj2 IHf) _ k l Y); split; congruence.
Qed.

Theorem print_inj : forall f g, print f = print g -> f = g.
Proof. intros f g E; exact (proj1 (proj2 (unique f) g [] [] I I E)). Qed.

(** ** An accepted answer has its goal's text *)
Theorem valid_text : forall finite t f c, check_valid finite t f c = true -> print f = t.
Proof.
  intros finite t f c E; apply PXL.Canonical.same_text_true; unfold check_valid in E.
  destruct (same_text (print f) t); [ reflexivity | discriminate E ].
Qed.

Theorem not_valid_text : forall t f c, check_not_valid t f c = true -> print f = t.
Proof.
  intros t f c E; apply PXL.Canonical.same_text_true; unfold check_not_valid in E.
  destruct (same_text (print f) t); [ reflexivity | discriminate E ].
Qed.

Theorem not_valid_finite_text : forall t f c,
  check_not_valid_finite t f c = true -> print f = t.
Proof.
  intros t f c E; apply PXL.Canonical.same_text_true; unfold check_not_valid_finite in E.
  destruct (same_text (print f) t); [ reflexivity | discriminate E ].
Qed.

Theorem holds_text : forall t f w, check_holds t f w = true -> print f = t.
Proof.
  intros t f w E; apply PXL.Canonical.same_text_true; unfold check_holds in E.
  destruct (same_text (print f) t); [ reflexivity | discriminate E ].
Qed.

Theorem not_holds_text : forall t f w, check_not_holds t f w = true -> print f = t.
Proof.
  intros t f w E; apply PXL.Canonical.same_text_true; unfold check_not_holds in E.
  destruct (same_text (print f) t); [ reflexivity | discriminate E ].
Qed.
