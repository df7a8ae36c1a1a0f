(** * A formula and its canonical text

    What [print] writes [parse] reads back, so the text identifies the formula; and
    an answer that was accepted carries the text of its question. Apart from
    [Text], so that a session need not load these proofs. *)

From Coq Require Import List PeanoNat PArith BinNatDef Bool Init.Byte.
From PXL Require Import Text.
From PXL Require Canonical.
From PXLModal Require Import Syntax Semantics Text Transport.
Import ListNotations.
Local Open Scope byte_scope.

(** ** Numbers *)
Definition calm (k : text) : Prop :=
  match k with [] => True | b :: _ => digit b = None end.

Lemma run_digits : forall u k n stack,
  run (put_digits u k) (Number n) stack = run k (Number (PXL.Canonical.shift_all u n)) stack.
Proof.
  induction u; intros k n stack; [ reflexivity | .. ];
    cbn [put_digits run digit PXL.Canonical.shift_all]; auto.
Qed.

Lemma run_label : forall op u k n stack,
  run (put_digits u k) (Label op n) stack = run k (Label op (PXL.Canonical.shift_all u n)) stack.
Proof.
  induction u; intros k n stack; [ reflexivity | .. ];
    cbn [put_digits run digit PXL.Canonical.shift_all]; destruct n; auto.
Qed.

Lemma shift_all_number : forall p, PXL.Canonical.shift_all (Pos.to_uint p) N0 = Npos p.
Proof.
  intros p; unfold Pos.to_uint, Decimal.rev.
  destruct (PXL.Canonical.shift_all_revapp (Pos.to_little_uint p) Decimal.Nil) as (n & V & ->).
  rewrite PXL.Canonical.value_little in V; simpl.
  destruct n as [ | q ]; simpl in V.
  - pose proof (Pos2Nat.is_pos p) as P; rewrite <- V in P; inversion P.
  - apply Pos2Nat.inj in V; subst q; reflexivity.
Qed.

Lemma run_atom : forall p k stack,
  run ("p" :: put_digits (Pos.to_uint p) k) Want stack = run k (Number (Npos p)) stack.
Proof.
  intros p k stack; cbn [run digit]; rewrite run_digits, shift_all_number; reflexivity.
Qed.

Lemma run_box : forall r k stack,
  run ("B" :: "O" :: "X" :: put_label r k) Want stack = run k Want (Bracket (Box r) :: stack).
Proof.
  intros [ r | r | ] k stack; [ .. | reflexivity ]; cbn [put_label run digit];
    rewrite run_label, shift_all_number; reflexivity.
Qed.

Lemma run_dia : forall r k stack,
  run ("D" :: "I" :: "A" :: put_label r k) Want stack = run k Want (Bracket (Dia r) :: stack).
Proof.
  intros [ r | r | ] k stack; [ .. | reflexivity ]; cbn [put_label run digit];
    rewrite run_label, shift_all_number; reflexivity.
Qed.

(** ** Reading back what was printed *)
(** Where no digit follows, a number is an atom that has ended. *)
Lemma run_number : forall k p stack, calm k ->
  run k (Number (Npos p)) stack = run k (Have (Atom p)) stack.
Proof. intros [ | b k ] p stack C; [ reflexivity | ]; simpl in *; rewrite C; reflexivity. Qed.

(** A negation that is still open is as good as one that is done. *)
Lemma run_negate : forall k f stack,
  run k (Have f) (Negation :: stack) = run k (Have (Neg f)) stack.
Proof. intros [ | b k ] f stack; reflexivity. Qed.

Definition bracketed (stack : list frame) : Prop :=
  match stack with [] | Bracket _ :: _ => True | _ => False end.

Lemma negate_bracketed : forall f stack, bracketed stack -> negate f stack = (f, stack).
Proof. intros f [ | [ ] stack ] B; try reflexivity; contradiction. Qed.

(** Nested formulas are read as one; others end in a state that [finish]es them. *)
Definition reads_back (f : mform) : Prop :=
  (forall k stack, calm k -> run (put true f k) Want stack = run k (Have f) stack)
  /\ (forall k stack, calm k -> bracketed stack -> exists g stack',
        finish (Have g) stack' = Some (f, stack)
        /\ run (put false f k) Want stack = run k (Have g) stack').

Lemma close_bracket : forall k c stack f g stack',
  finish (Have g) stack' = Some (f, Bracket c :: stack) ->
  run (")" :: k) (Have g) stack' = run k (Have (c f)) stack.
Proof. intros k c stack f g stack' F; cbn [run digit]; rewrite F; reflexivity. Qed.

Lemma reads_back_unary : forall f,
  (forall nested k stack, calm k -> run (put nested f k) Want stack = run k (Have f) stack) ->
  reads_back f.
Proof.
  intros f R; split; [ apply R | ].
  intros k stack C B; exists f, stack; split; [ | apply R, C ].
  cbn [finish]; rewrite negate_bracketed by exact B; destruct stack as [ | [ ] stack ];
    try reflexivity; contradiction.
Qed.

(** A binary connective [op] whose sign is written by [sign] and read by [run]. *)
Lemma reads_back_binary : forall op (sign : text -> text) a b,
  (forall nested k, put nested (op a b) k =
     if nested then "(" :: put true a (sign (put true b (")" :: k)))
     else put true a (sign (put true b k))) ->
  (forall k, calm (sign k)) ->
  (forall k f stack, bracketed stack ->
     run (sign k) (Have f) stack = run k Want (Left op f :: stack)) ->
  reads_back a -> reads_back b -> reads_back (op a b).
Proof.
  intros op sign a b P S R (A & _) (B & _).
  assert (O : forall k stack, calm k -> bracketed stack ->
    run (put true a (sign (put true b k))) Want stack = run k (Have b) (Left op a :: stack)).
  { intros k stack C K; rewrite A, R, B; trivial. }
  split.
  - intros k stack C; rewrite P; cbn [run digit]; rewrite O by reflexivity.
    exact (close_bracket k (fun f => f) stack (op a b) b (Left op a :: _) eq_refl).
  - intros k stack C K; rewrite P, O by assumption.
    exists b, (Left op a :: stack); split; reflexivity.
Qed.

Lemma put_reads_back : forall f, reads_back f.
Proof.
  induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg | f IHf g IHg | f IHf g IHg
                 | r f IH | r f IH ].
  - apply reads_back_unary; intros nested k stack C.
    etransitivity; [ apply run_atom | apply run_number, C ].
  - apply reads_back_unary; reflexivity.
  - apply reads_back_unary; intros nested k stack C.
    cbn [put run digit]; rewrite (proj1 IH) by exact C; apply run_negate.
  - apply (reads_back_binary Conj (fun k => " " :: "/" :: "\" :: " " :: k)); trivial;
      try reflexivity.
    intros k h stack B; cbn [run digit operand]; rewrite negate_bracketed by exact B; reflexivity.
  - apply (reads_back_binary Disj (fun k => " " :: "\" :: "/" :: " " :: k)); trivial;
      try reflexivity.
    intros k h stack B; cbn [run digit operand]; rewrite negate_bracketed by exact B; reflexivity.
  - apply (reads_back_binary Impl (fun k => " " :: "-" :: ">" :: " " :: k)); trivial;
      try reflexivity.
    intros k h stack B; cbn [run digit operand]; rewrite negate_bracketed by exact B; reflexivity.
  - apply (reads_back_binary Iff (fun k => " " :: "<" :: "-" :: ">" :: " " :: k)); trivial;
      try reflexivity.
    intros k h stack B; cbn [run digit operand]; rewrite negate_bracketed by exact B; reflexivity.
  - apply reads_back_unary; intros nested k stack C; cbn [put]; rewrite run_box.
    destruct (proj2 IH (")" :: k) (Bracket (Box r) :: stack)) as (g & s & F & ->);
      [ reflexivity | exact I | exact (close_bracket _ _ _ _ _ _ F) ].
  - apply reads_back_unary; intros nested k stack C; cbn [put]; rewrite run_dia.
    destruct (proj2 IH (")" :: k) (Bracket (Dia r) :: stack)) as (g & s & F & ->);
      [ reflexivity | exact I | exact (close_bracket _ _ _ _ _ _ F) ].
Qed.

Theorem parse_print : forall f, parse (print f) = Some f.
Proof.
  intros f; destruct (proj2 (put_reads_back f) [] [] I I) as (g & stack & F & E).
  unfold parse, print; rewrite E; cbn [run]; rewrite F; reflexivity.
Qed.

Theorem print_inj : forall f g, print f = print g -> f = g.
Proof. intros f g E; apply (f_equal parse) in E; rewrite !parse_print in E; congruence. Qed.

(** ** Answers *)
Theorem entailed_text : forall t S global local f c,
  check_entailed t S global local f c = true -> print_question global local f = t.
Proof.
  intros t S global local f c; unfold check_entailed.
  destruct (same_text (print_question global local f) t) eqn:E; [ intros _ | discriminate ].
  exact (PXL.Canonical.same_text_true _ _ E).
Qed.

Theorem not_entailed_text : forall t S global local f c,
  check_not_entailed t S global local f c = true -> print_question global local f = t.
Proof.
  intros t S global local f c; unfold check_not_entailed.
  destruct (same_text (print_question global local f) t) eqn:E; [ intros _ | discriminate ].
  exact (PXL.Canonical.same_text_true _ _ E).
Qed.
