(** * A formula and its canonical text

    What [print] writes [parse] reads back, so the text identifies the formula;
    and an answer that was accepted carries the text of its goal. Apart from
    [Text], so that a session need not load these proofs. *)

From Coq Require Import List PeanoNat PArith BinNatDef Bool Init.Byte.
From PXL Require Import Form Text Transport.
Import ListNotations.
Local Open Scope byte_scope.

(** ** Decimal digits

    The standard library proves this too, but loads all of [ZArith] for it. *)
Fixpoint value (u : Decimal.uint) : nat :=
  match u with
  | Decimal.Nil => 0
  | Decimal.D0 u => 10 * value u
  | Decimal.D1 u => 1 + 10 * value u
  | Decimal.D2 u => 2 + 10 * value u
  | Decimal.D3 u => 3 + 10 * value u
  | Decimal.D4 u => 4 + 10 * value u
  | Decimal.D5 u => 5 + 10 * value u
  | Decimal.D6 u => 6 + 10 * value u
  | Decimal.D7 u => 7 + 10 * value u
  | Decimal.D8 u => 8 + 10 * value u
  | Decimal.D9 u => 9 + 10 * value u
  end.

Definition to_nat (n : N) : nat := match n with N0 => 0 | Npos p => Pos.to_nat p end.

Lemma twice : forall d n, 2 * d + 10 * (2 * n) = 2 * (d + 10 * n).
Proof.
  intros d n; rewrite (Nat.mul_add_distr_l 2 d), !Nat.mul_assoc; reflexivity.
Qed.

Lemma carry : forall d n, 2 * d + 10 * S (2 * n) = 2 * (5 + d + 10 * n).
Proof.
  intros d n; rewrite <- (Nat.add_assoc 5), (Nat.mul_add_distr_l 2 5), <- twice.
  rewrite Nat.mul_succ_r, (Nat.add_comm (10 * (2 * n))), !Nat.add_assoc; f_equal.
  apply Nat.add_comm.
Qed.

Lemma value_double : forall u,
  value (Decimal.Little.double u) = 2 * value u
  /\ value (Decimal.Little.succ_double u) = S (2 * value u).
Proof.
  induction u as [ | u [D E] | u [D E] | u [D E] | u [D E] | u [D E]
                 | u [D E] | u [D E] | u [D E] | u [D E] | u [D E] ].
  1: split; reflexivity.
  all: cbn [Decimal.Little.double Decimal.Little.succ_double value]; rewrite ?D, ?E; split;
    let k c := first [ exact c | exact (f_equal S c) ] in
    first [ k (twice 0 (value u)) | k (twice 1 (value u)) | k (twice 2 (value u))
          | k (twice 3 (value u)) | k (twice 4 (value u)) | k (carry 0 (value u))
          | k (carry 1 (value u)) | k (carry 2 (value u)) | k (carry 3 (value u))
          | k (carry 4 (value u)) ].
Qed.

Lemma value_little : forall p, value (Pos.to_little_uint p) = Pos.to_nat p.
Proof.
  induction p as [ p IH | p IH | ]; cbn [Pos.to_little_uint].
  - rewrite (proj2 (value_double _)), IH; symmetry; apply Pos2Nat.inj_xI.
  - rewrite (proj1 (value_double _)), IH; symmetry; apply Pos2Nat.inj_xO.
  - reflexivity.
Qed.

(** ** Reading back what was printed *)
Definition calm (k : text) : Prop :=
  match k with [] => True | b :: _ => digit b = None end.

(** The number read when digits [u] follow [n]. *)
Fixpoint shift_all (u : Decimal.uint) (n : N) : N :=
  match u with
  | Decimal.Nil => n
  | Decimal.D0 u => shift_all u (shift n N0)
  | Decimal.D1 u => shift_all u (shift n (Npos 1))
  | Decimal.D2 u => shift_all u (shift n (Npos 2))
  | Decimal.D3 u => shift_all u (shift n (Npos 3))
  | Decimal.D4 u => shift_all u (shift n (Npos 4))
  | Decimal.D5 u => shift_all u (shift n (Npos 5))
  | Decimal.D6 u => shift_all u (shift n (Npos 6))
  | Decimal.D7 u => shift_all u (shift n (Npos 7))
  | Decimal.D8 u => shift_all u (shift n (Npos 8))
  | Decimal.D9 u => shift_all u (shift n (Npos 9))
  end.

Lemma run_digits : forall u k n stack,
  run (put_digits u k) (Number n) stack = run k (Number (shift_all u n)) stack.
Proof.
  induction u; intros k n stack; [ reflexivity | .. ];
    cbn [put_digits run digit shift_all]; auto.
Qed.

Lemma to_nat_shift : forall n d, to_nat (shift n d) = to_nat d + 10 * to_nat n.
Proof.
  intros [ | p ] [ | q ]; try reflexivity.
  - cbn [shift to_nat]; rewrite Nat.mul_0_r, Nat.add_0_r; reflexivity.
  - cbn [shift to_nat]; rewrite Pos2Nat.inj_mul; reflexivity.
  - cbn [shift to_nat]; rewrite Pos2Nat.inj_add, Pos2Nat.inj_mul; reflexivity.
Qed.

(** [Decimal.revapp u v]: the digits of [u], last first, before those of [v]. *)
Lemma shift_all_revapp : forall u v, exists n,
  to_nat n = value u /\ shift_all (Decimal.revapp u v) N0 = shift_all v n.
Proof.
  assert (X : forall u v d (next : Decimal.uint -> Decimal.uint),
    (forall v n, shift_all (next v) n = shift_all v (shift n d)) ->
    (exists n, to_nat n = value u
      /\ shift_all (Decimal.revapp u (next v)) N0 = shift_all (next v) n) ->
    exists n, to_nat n = to_nat d + 10 * value u
      /\ shift_all (Decimal.revapp u (next v)) N0 = shift_all v n).
  { intros u v d next N (n & V & E); exists (shift n d).
    rewrite to_nat_shift, V, E; auto. }
  induction u as [ | u IH | u IH | u IH | u IH | u IH | u IH | u IH | u IH | u IH | u IH ];
    intros v; [ exists N0; split; reflexivity | .. ]; cbn [Decimal.revapp];
    match goal with |- context [ Decimal.revapp u (?next v) ] =>
      first
      [ exact (X u v N0 next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 1) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 2) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 3) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 4) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 5) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 6) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 7) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 8) next (fun _ _ => eq_refl) (IH _))
      | exact (X u v (Npos 9) next (fun _ _ => eq_refl) (IH _)) ]
    end.
Qed.

Lemma run_atom : forall p k stack,
  run ("p" :: put_digits (Pos.to_uint p) k) Want stack = run k (Number (Npos p)) stack.
Proof.
  intros p k stack; cbn [run digit]; rewrite run_digits.
  unfold Pos.to_uint, Decimal.rev.
  destruct (shift_all_revapp (Pos.to_little_uint p) Decimal.Nil) as (n & V & ->).
  rewrite value_little in V; simpl.
  destruct n as [ | q ]; simpl in V.
  - pose proof (Pos2Nat.is_pos p) as P; rewrite <- V in P; inversion P.
  - apply Pos2Nat.inj in V; subst q; reflexivity.
Qed.

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
Definition reads_back (f : form) : Prop :=
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
                 | f IH | f IH ].
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
  - apply reads_back_unary; intros nested k stack C; cbn [put run digit].
    destruct (proj2 IH (")" :: k) (Bracket Box :: stack)) as (g & s & F & ->);
      [ reflexivity | exact I | exact (close_bracket _ _ _ _ _ _ F) ].
  - apply reads_back_unary; intros nested k stack C; cbn [put run digit].
    destruct (proj2 IH (")" :: k) (Bracket Dia :: stack)) as (g & s & F & ->);
      [ reflexivity | exact I | exact (close_bracket _ _ _ _ _ _ F) ].
Qed.

Theorem parse_print : forall f, parse (print f) = Some f.
Proof.
  intros f; destruct (proj2 (put_reads_back f) [] [] I I) as (g & stack & F & E).
  unfold parse, print; rewrite E; cbn [run]; rewrite F; reflexivity.
Qed.

Theorem print_inj : forall f g, print f = print g -> f = g.
Proof. intros f g E; apply (f_equal parse) in E; rewrite !parse_print in E; congruence. Qed.

(** ** Comparing texts *)
Definition uncode (p : positive) : byte :=
  let bit k := N.testbit (N.sub (Npos p) (Npos 16)) k in
  of_bits (bit N0, (bit (Npos 1), (bit (Npos 2), (bit (Npos 3),
    (bit (Npos 4), (bit (Npos 5), (bit (Npos 6), bit (Npos 7)))))))).

Lemma uncode_code : forall b, uncode (code b) = b.
Proof. intros []; reflexivity. Qed.

Lemma same_text_true : forall s t, same_text s t = true -> s = t.
Proof.
  induction s as [ | a s IH ]; intros [ | b t ]; simpl; try discriminate; trivial.
  destruct (same_byte a b) eqn:E; [ intros T | discriminate ].
  apply Pos.eqb_eq in E; rewrite <- (uncode_code a), E, uncode_code, (IH t T); reflexivity.
Qed.

Theorem proved_text : forall t f c, check_proved t f c = true -> print f = t.
Proof.
  intros t f c; unfold check_proved.
  destruct (same_text (print f) t) eqn:E; [ intros _; exact (same_text_true _ _ E) | discriminate ].
Qed.

Theorem refuted_text : forall t f c, check_refuted t f c = true -> print f = t.
Proof.
  intros t f c; unfold check_refuted.
  destruct (same_text (print f) t) eqn:E; [ intros _; exact (same_text_true _ _ E) | discriminate ].
Qed.
