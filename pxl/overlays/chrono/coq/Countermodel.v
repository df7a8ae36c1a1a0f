(** * Evaluation: finite runs, and lassos

    A lasso is a sequence of positions whose end is repeated for ever. Along it
    the truth of every formula repeats itself from some position on, past
    operators included: so a formula is evaluated, exactly, with one row of
    booleans for each of its subformulas. A lasso or finite run where the goal is
    false makes it not valid, and what is evaluated is decided. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLChrono Require Import Syntax Semantics.
Import ListNotations.

(** ** Rows

    [Some s]: a position whose true atoms are [s]; [None]: time has ended. *)
Definition valuation : Type := positive -> bool.
Definition position : Type := option valuation.
Definition row : Type := list bool.

Fixpoint combine (op : bool -> bool -> bool) (a b : row) : row :=
  match a, b with
  | x :: a, y :: b => op x y :: combine op a b
  | _, _ => []
  end.

(** One position earlier; [s] comes in at the end. *)
Fixpoint shift (a : row) (s : bool) : row :=
  match a with
  | [] => []
  | _ :: a => match a with [] => s | x :: _ => x end :: shift a s
  end.

(** One position later; [s] comes in at the start. *)
Fixpoint delay (a : row) (s : bool) : row :=
  match a with [] => [] | x :: a => s :: delay a x end.

(** Until, from the end backwards; [s]: its value after the end. *)
Fixpoint until_row (a b : row) (s : bool) : row :=
  match a, b with
  | x :: a, y :: b =>
      let r := until_row a b s in
      (if y then true else if x then match r with [] => s | z :: _ => z end else false) :: r
  | _, _ => []
  end.

(** Since; [s]: its value before the start. *)
Fixpoint since_row (a b : row) (s : bool) : row :=
  match a, b with
  | x :: a, y :: b =>
      let s := if y then true else if x then s else false in s :: since_row a b s
  | _, _ => []
  end.

Fixpoint drop (n : nat) (a : row) : row :=
  match n, a with S n, _ :: a => drop n a | _, _ => a end.

Definition head (a : row) : bool := match a with [] => false | x :: _ => x end.

Definition atom_at (p : positive) (s : position) : bool :=
  match s with Some s => s p | None => false end.
Definition exists_at (s : position) : bool := match s with Some _ => true | None => false end.

(** [w]: the positions, the loop once; [l]: where the loop begins. *)
Fixpoint rows (w : list position) (l : nat) (f : kform) : row :=
  match f with
  | KAtom p => map (atom_at p) w
  | KBot => map (fun _ => false) w
  | KNeg a => map negb (rows w l a)
  | KConj a b => combine andb (rows w l a) (rows w l b)
  | KDisj a b => combine orb (rows w l a) (rows w l b)
  | KImpl a b => combine implb (rows w l a) (rows w l b)
  | KIff a b => combine eqb (rows w l a) (rows w l b)
  | KNext a =>
      let a := combine andb (map exists_at w) (rows w l a) in shift a (head (drop l a))
  | KUntil a b =>
      let a := rows w l a in
      let b := combine andb (map exists_at w) (rows w l b) in
      until_row a b (head (until_row (drop l a) (drop l b) false))
  | KPrev a => delay (rows w l a) false
  | KSince a b => since_row (rows w l a) (rows w l b) false
  end.

(** How often the loop must be unrolled for the rows to repeat themselves: once
    for each operator of the past inside another. *)
Fixpoint larger (m n : nat) : nat :=
  match m, n with O, _ => n | _, O => m | S m, S n => S (larger m n) end.

Fixpoint past (f : kform) : nat :=
  match f with
  | KAtom _ | KBot => 0
  | KNeg a | KNext a => past a
  | KConj a b | KDisj a b | KImpl a b | KIff a b | KUntil a b => larger (past a) (past b)
  | KPrev a => S (past a)
  | KSince a b => S (larger (past a) (past b))
  end.

(** [u] and then [v], [c] times. *)
Fixpoint unroll {A} (c : nat) (u v : list A) : list A :=
  match c with O => u | S c => unroll c u v ++ v end.

(** The row of [f] along [u] and then [v] for ever, the loop unrolled [c] times. *)
Definition row_of (c : nat) (u v : list position) (f : kform) : row :=
  let u := unroll c u v in rows (u ++ v) (length u) f.

Definition value (u v : list position) (f : kform) : bool :=
  head (row_of (past f) u v f).

(** ** The checkers

    A position is given by its true atoms. [loop = 0]: a finite run; else the last
    position is followed by number [loop], counted from 1. *)
Fixpoint atoms (l : list positive) (s : set) : set :=
  match l with [] => s | p :: l => atoms l (add p s) end.

Definition position_of (l : list positive) : position :=
  let s := atoms l Leaf in Some (fun p => mem p s).

Definition positions (w : list (list positive)) : list position := map position_of w.

Fixpoint split {A} (n : nat) (w : list A) : list A * list A :=
  match n, w with
  | S n, x :: w => let (u, v) := split n w in (x :: u, v)
  | _, _ => ([], w)
  end.

Definition check_lasso (f : tform) (u v : list (list positive)) : bool :=
  match v with
  | [] => false
  | _ => if value (positions u) (positions v) (core f) then false else true
  end.

Definition finite_value (f : tform) (w : list (list positive)) : bool :=
  value (positions w) [None] (core f).

Definition check_finite (f : tform) (w : list (list positive)) : bool :=
  match w with [] => false | _ => if finite_value f w then false else true end.

(** ** Soundness

    [lookup v u]: the positions of [u], then those of [v] for ever. *)
Fixpoint lookup (v u : list position) (i : nat) {struct i} : position :=
  match u, i with
  | x :: _, O => x
  | _ :: u, S i => lookup v u i
  | [], O => match v with [] => None | x :: _ => x end
  | [], S i => match v with [] => None | _ :: u => lookup v u i end
  end.

Definition follows (r : run) (s : nat -> position) : Prop := forall i,
  (inside r i <-> exists_at (s i) = true)
  /\ forall p, holds r i p <-> atom_at p (s i) = true.

(** *** Sums *)
Lemma add_comm : forall m n, m + n = n + m.
Proof.
  intros m n; induction m as [ | m IH ]; [ exact (eq_sym (add_zero n)) | ].
  rewrite add_succ; exact (f_equal S IH).
Qed.

Lemma add_swap : forall i m n, i + m + n = i + n + m.
Proof.
  intros i m n; induction i as [ | i IH ]; [ exact (add_comm m n) | exact (f_equal S IH) ].
Qed.

Lemma larger_left : forall m n, m <= larger m n.
Proof.
  intros m; induction m as [ | m IH ]; intros n; [ exact (le_zero _) | ].
  destruct n as [ | n ]; [ exact (le_n _) | exact (le_n_S _ _ (IH n)) ].
Qed.

Lemma larger_right : forall m n, n <= larger m n.
Proof.
  intros m; induction m as [ | m IH ]; intros n; [ exact (le_n n) | ].
  destruct n as [ | n ]; [ exact (le_zero _) | exact (le_n_S _ _ (IH n)) ].
Qed.

(** *** What repeats itself from [m] on, every [p] positions *)
Definition periodic (p m : nat) (P : nat -> Prop) : Prop :=
  forall i, m <= i -> (P (i + p) <-> P i).

Lemma periodic_from : forall p m n P, m <= n -> periodic p m P -> periodic p n P.
Proof. intros p m n P L H i N; exact (H i (le_trans _ _ _ L N)). Qed.

Lemma reach_periodic : forall p m A B, periodic p m A -> periodic p m B ->
  forall d, periodic p m (reach A B d).
Proof.
  intros p m A B HA HB d; induction d as [ | d IH ]; [ exact HB | intros i L ].
  destruct (HA i L) as [ T F ], (IH (S i) (le_S _ _ L)) as [ U G ].
  split; intros [ X R ]; [ exact (conj (T X) (U R)) | exact (conj (F X) (G R)) ].
Qed.

Lemma until_periodic : forall p m A B, periodic p m A -> periodic p m B ->
  periodic p m (fun i => exists d, reach A B d i).
Proof.
  intros p m A B HA HB i L; assert (H := fun d => reach_periodic p m A B HA HB d i L).
  split; intros [ d R ]; exists d; [ exact (proj1 (H d) R) | exact (proj2 (H d) R) ].
Qed.

(** Since is a state that one round changes to [X \/ (Y /\ state)], and a second
    round changes no more. *)
Lemma since_rounds : forall p m A B, periodic p m A -> periodic p m B -> forall n,
  exists X Y : Prop,
    (since A B (n + m) <-> X \/ (Y /\ since A B m)) /\
    (since A B (n + m + p) <-> X \/ (Y /\ since A B (m + p))).
Proof.
  intros p m A B HA HB n; induction n as [ | n (X & Y & E1 & E2) ].
  - exists False, True; split; (split;
      [ intros Z; right; exact (conj I Z) | intros [ [] | [ _ Z ] ]; exact Z ]).
  - exists (B (S (n + m)) \/ (A (S (n + m)) /\ X)), (A (S (n + m)) /\ Y).
    assert (step : forall a b s t : Prop, (s <-> X \/ (Y /\ t)) ->
      (b \/ (a /\ s) <-> (b \/ (a /\ X)) \/ ((a /\ Y) /\ t))).
    { intros a b s t [ T F ]; split.
      - intros [ K | [ K Z ] ]; [ exact (or_introl (or_introl K)) | ].
        destruct (T Z) as [ V | [ V W ] ];
          [ exact (or_introl (or_intror (conj K V))) | exact (or_intror (conj (conj K V) W)) ].
      - intros [ [ K | [ K V ] ] | [ [ K V ] W ] ]; [ left; exact K | right | right ].
        + exact (conj K (F (or_introl V))).
        + exact (conj K (F (or_intror (conj V W)))). }
    split; [ exact (step _ _ _ _ E1) | ].
    assert (L : m <= S (n + m)) by exact (le_up (S n) m).
    destruct (HA _ L) as [ TA FA ], (HB _ L) as [ TB FB ].
    destruct (step (A (S (n + m))) (B (S (n + m))) _ _ E2) as [ T F ]; split.
    + intros [ K | [ K Z ] ]; apply T; [ left; exact (TB K) | right; exact (conj (TA K) Z) ].
    + intros Z; destruct (F Z) as [ K | [ K V ] ]; [ left; exact (FB K) | ].
      right; exact (conj (FA K) V).
Qed.

Lemma since_periodic : forall p m A B, periodic p m A -> periodic p m B ->
  periodic p (m + p) (since A B).
Proof.
  intros p m A B HA HB i L; destruct (le_sum _ _ L) as [ d E ]; rewrite E; clear L E i.
  induction d as [ | d [ T F ] ].
  - destruct (since_rounds p m A B HA HB p) as (X & Y & [ T F ] & [ U G ]).
    rewrite (add_comm p m) in T, F, U, G; simpl; split.
    + intros Z; destruct (U Z) as [ K | [ _ K ] ]; [ exact (F (or_introl K)) | exact K ].
    + intros Z; destruct (T Z) as [ K | [ K _ ] ]; [ exact (G (or_introl K)) | ].
      exact (G (or_intror (conj K Z))).
  - assert (L : m <= S (d + (m + p))).
    { rewrite (add_comm m p); exact (le_trans _ _ _ (le_up p m) (le_up (S d) (p + m))). }
    destruct (HA _ L) as [ TA FA ], (HB _ L) as [ TB FB ]; split.
    + intros [ K | [ K Z ] ]; [ left; exact (TB K) | right; exact (conj (TA K) (T Z)) ].
    + intros [ K | [ K Z ] ]; [ left; exact (FB K) | right; exact (conj (FA K) (F Z)) ].
Qed.

(** *** Rows that say what holds, of [n] positions from [i] on *)
Fixpoint agree (P : nat -> Prop) (i n : nat) (a : row) : Prop :=
  match n, a with
  | O, [] => True
  | S n, x :: a => (P i <-> x = true) /\ agree P (S i) n a
  | _, _ => False
  end.

Lemma agree_first : forall {P i n x a}, agree P i (S n) (x :: a) -> (P i <-> x = true).
Proof. exact (fun P i n x a K => proj1 K). Qed.

Lemma agree_rest : forall {P i n x a}, agree P i (S n) (x :: a) -> agree P (S i) n a.
Proof. exact (fun P i n x a K => proj2 K). Qed.

Lemma agree_cons : forall P i n x a,
  (P i <-> x = true) -> agree P (S i) n a -> agree P i (S n) (x :: a).
Proof. exact (fun P i n x a E K => conj E K). Qed.

(** [w] lists the positions of [s] from [i] on. *)
Fixpoint along (s : nat -> position) (i : nat) (w : list position) : Prop :=
  match w with [] => True | x :: w => s i = x /\ along s (S i) w end.

Lemma agree_map : forall (P : nat -> Prop) s t, (forall i, P i <-> t (s i) = true) ->
  forall w i, along s i w -> agree P i (length w) (map t w).
Proof.
  intros P s t H w; induction w as [ | x w IH ]; intros i K; [ exact I | ].
  refine (agree_cons _ _ _ _ _ _ (IH _ (proj2 K))); destruct (proj1 K); exact (H i).
Qed.

Lemma computes_neg : forall P x, (P <-> x = true) -> (~ P <-> negb x = true).
Proof.
  intros P [] [ T F ]; split.
  - intros N; destruct (N (F eq_refl)).
  - discriminate.
  - exact (fun _ => eq_refl).
  - intros _ X; discriminate (T X).
Qed.

Lemma agree_negb : forall P n a i, agree P i n a -> agree (fun i => ~ P i) i n (map negb a).
Proof.
  intros P n; induction n as [ | n IH ]; intros [ | x a ] i K; try exact K.
  exact (agree_cons _ _ _ _ _ (computes_neg _ x (agree_first K)) (IH a _ (agree_rest K))).
Qed.

Definition computes (c : Prop -> Prop -> Prop) (op : bool -> bool -> bool) : Prop :=
  forall P Q x y, (P <-> x = true) -> (Q <-> y = true) -> (c P Q <-> op x y = true).

Lemma agree_combine : forall c op, computes c op -> forall P Q n a b i,
  agree P i n a -> agree Q i n b -> agree (fun i => c (P i) (Q i)) i n (combine op a b).
Proof.
  intros c op C P Q n; induction n as [ | n IH ];
    intros [ | x a ] [ | y b ] i K M;
    try exact K; try exact (False_ind _ K); try exact (False_ind _ M).
  exact (agree_cons _ _ _ _ _ (C _ _ _ _ (agree_first K) (agree_first M))
    (IH _ _ _ (agree_rest K) (agree_rest M))).
Qed.

Lemma computes_and : computes and andb.
Proof.
  intros P Q x y [ T F ] [ U G ]; destruct x; simpl; split.
  - intros [ _ Y ]; exact (U Y).
  - intros E; exact (conj (F eq_refl) (G E)).
  - intros [ X _ ]; exact (T X).
  - discriminate.
Qed.

Lemma computes_or : computes or orb.
Proof.
  intros P Q x y [ T F ] [ U G ]; destruct x; simpl; split.
  - exact (fun _ => eq_refl).
  - intros _; left; exact (F eq_refl).
  - intros [ X | Y ]; [ discriminate (T X) | exact (U Y) ].
  - intros E; right; exact (G E).
Qed.

Lemma computes_impl : computes (fun P Q => P -> Q) implb.
Proof.
  intros P Q x y [ T F ] [ U G ]; destruct x; simpl; split.
  - intros X; exact (U (X (F eq_refl))).
  - intros E _; exact (G E).
  - exact (fun _ => eq_refl).
  - intros _ X; discriminate (T X).
Qed.

Lemma computes_iff : computes iff eqb.
Proof.
  intros P Q x y [ T F ] [ U G ]; destruct x, y; simpl; split; try discriminate.
  - exact (fun _ => eq_refl).
  - intros _; exact (conj (fun _ => G eq_refl) (fun _ => F eq_refl)).
  - intros [ X _ ]; exact (U (X (F eq_refl))).
  - intros [ _ X ]; exact (T (X (G eq_refl))).
  - exact (fun _ => eq_refl).
  - intros _; split; [ intros X; discriminate (T X) | intros X; discriminate (U X) ].
Qed.

Lemma agree_shift : forall P s n a i, agree P i n a -> (P (n + i) <-> s = true) ->
  agree (fun i => P (S i)) i n (shift a s).
Proof.
  intros P s n; induction n as [ | n IH ]; intros [ | x a ] i K E; try exact K.
  rewrite <- add_succ in E; assert (R := agree_rest K).
  refine (agree_cons _ _ _ _ _ _ (IH a (S i) R E)).
  destruct n as [ | n ], a as [ | y a ]; try exact (False_ind _ R).
  - exact E.
  - exact (agree_first R).
Qed.

Definition before (P : nat -> Prop) (i : nat) : Prop :=
  match i with O => False | S j => P j end.

Lemma agree_delay : forall P n a i s, agree P i n a -> (before P i <-> s = true) ->
  agree (before P) i n (delay a s).
Proof.
  intros P n; induction n as [ | n IH ]; intros [ | x a ] i s K E; try exact K.
  exact (agree_cons _ _ _ _ _ E (IH a (S i) x (agree_rest K) (agree_first K))).
Qed.

Lemma computes_step : forall (A B S : Prop) x y s,
  (A <-> x = true) -> (B <-> y = true) -> (S <-> s = true) ->
  (B \/ (A /\ S) <-> (if y then true else if x then s else false) = true).
Proof.
  intros A B S x y s [ T F ] [ U G ] [ V H ]; destruct y; [ | destruct x ]; split.
  - exact (fun _ => eq_refl).
  - intros _; left; exact (G eq_refl).
  - intros [ Y | [ _ Z ] ]; [ discriminate (U Y) | exact (V Z) ].
  - intros E; right; exact (conj (F eq_refl) (H E)).
  - intros [ Y | [ X _ ] ]; [ exact (U Y) | exact (T X) ].
  - discriminate.
Qed.

Lemma iff_by : forall P Q R : Prop, (P <-> Q) -> (Q <-> R) -> (P <-> R).
Proof.
  intros P Q R [ T F ] [ U G ]; exact (conj (fun X => U (T X)) (fun X => F (G X))).
Qed.

Lemma agree_since : forall A B n a b i s, agree A i n a -> agree B i n b ->
  (before (since A B) i <-> s = true) -> agree (since A B) i n (since_row a b s).
Proof.
  intros A B n; induction n as [ | n IH ];
    intros [ | x a ] [ | y b ] i s K M E;
    try exact K; try exact (False_ind _ K); try exact (False_ind _ M).
  assert (H := iff_by _ _ _ (since_step A B i)
    (computes_step _ _ _ _ _ _ (agree_first K) (agree_first M) E)).
  exact (agree_cons _ _ _ _ _ H (IH a b (S i) _ (agree_rest K) (agree_rest M) H)).
Qed.

Definition until (A B : nat -> Prop) (i : nat) : Prop := exists d, reach A B d i.

Lemma until_step : forall A B i, until A B i <-> B i \/ (A i /\ until A B (S i)).
Proof.
  intros A B i; split.
  - intros [ [ | d ] R ]; [ left; exact R | right ].
    exact (conj (proj1 R) (ex_intro (fun d => reach A B d (S i)) d (proj2 R))).
  - intros [ Y | [ X [ d R ] ] ]; [ exists 0; exact Y | exists (S d); exact (conj X R) ].
Qed.

(** The first of a row, or what comes after it. *)
Definition head_or (s : bool) (a : row) : bool := match a with [] => s | x :: _ => x end.

Lemma agree_until : forall A B s n a b i, agree A i n a -> agree B i n b ->
  (until A B (n + i) <-> s = true) ->
  agree (until A B) i n (until_row a b s)
  /\ (until A B i <-> head_or s (until_row a b s) = true).
Proof.
  intros A B s n; induction n as [ | n IH ];
    intros [ | x a ] [ | y b ] i K M E;
    try exact (False_ind _ K); try exact (False_ind _ M); [ exact (conj I E) | ].
  rewrite <- add_succ in E.
  destruct (IH a b (S i) (agree_rest K) (agree_rest M) E) as [ R H ].
  assert (Z := iff_by _ _ _ (until_step A B i)
    (computes_step _ _ _ _ _ _ (agree_first K) (agree_first M) H)).
  exact (conj (agree_cons _ _ _ _ _ Z R) Z).
Qed.

Lemma agree_drop : forall P n l a i, agree P i (l + n) a -> agree P (l + i) n (drop l a).
Proof.
  intros P n l; induction l as [ | l IH ]; intros a i K; [ exact K | ].
  destruct a as [ | x a ]; [ destruct K | ].
  generalize (IH a (S i) (agree_rest K)); rewrite add_succ; exact (fun X => X).
Qed.

Lemma agree_head : forall P n a i, agree P i (S n) a -> (P i <-> head a = true).
Proof. intros P n [ | x a ] i K; [ destruct K | exact (agree_first K) ]. Qed.

(** *** Until, once around the loop *)
Lemma until_found : forall A B n a b i, agree A i n a -> agree B i n b ->
  head_or false (until_row a b false) = true -> until A B i.
Proof.
  intros A B n; induction n as [ | n IH ];
    intros [ | x a ] [ | y b ] i K M E;
    try exact (False_ind _ K); try exact (False_ind _ M); [ discriminate E | ].
  apply until_step; revert K M E; destruct y; intros K M E.
  - left; exact (proj2 (agree_first M) eq_refl).
  - right; revert K E; destruct x; intros K E; [ | discriminate E ].
    exact (conj (proj2 (agree_first K) eq_refl) (IH a b (S i) (agree_rest K) (agree_rest M) E)).
Qed.

Lemma until_walk : forall A B n a b i d, agree A i n a -> agree B i n b -> reach A B d i ->
  head_or false (until_row a b false) = true
  \/ exists e, d = n + e /\ reach A B e (n + i).
Proof.
  intros A B n; induction n as [ | n IH ];
    intros [ | x a ] [ | y b ] i d K M R; try exact (False_ind _ K); try exact (False_ind _ M).
  - right; exists d; exact (conj eq_refl R).
  - cbn [until_row head_or]; destruct d as [ | d ].
    + left; rewrite (proj1 (agree_first M) R); exact eq_refl.
    + rewrite (proj1 (agree_first K) (proj1 R)), <- add_succ.
      destruct (IH a b (S i) d (agree_rest K) (agree_rest M) (proj2 R)) as [ E | (e & E & X) ].
      * left; destruct y; [ exact eq_refl | exact E ].
      * right; exists e; exact (conj (f_equal S E) X).
Qed.

(** *** The rows of a formula *)
Section Rows.
Variables (r : run) (s : nat -> position) (w : list position) (l q start : nat).
Let p : nat := S q.
Hypotheses (follow : follows r s) (listed : along s 0 w) (size : length w = l + p)
  (repeats : forall i, start <= i -> s (i + p) = s i).

(** Where the [c]th round begins. *)
Fixpoint round (c : nat) : nat := match c with O => start | S c => round c + p end.

Lemma round_le : forall c d, c <= d -> round c <= round d.
Proof using Type.
  intros c d H; induction H as [ | d H IH ]; [ exact (le_n _) | ].
  simpl; rewrite add_comm; exact (le_trans _ _ _ IH (le_up p _)).
Qed.

Lemma position_periodic : forall (P : nat -> Prop) t,
  (forall i, P i <-> t (s i) = true) -> periodic p start P.
Proof using repeats.
  intros P t H i L; refine (iff_by _ _ _ (H (i + p)) _); rewrite (repeats i L).
  exact (conj (proj2 (H i)) (proj1 (H i))).
Qed.

Lemma inside_periodic : periodic p start (inside r).
Proof using follow repeats.
  exact (position_periodic _ exists_at (fun i => proj1 (follow i))).
Qed.

Lemma both_periodic : forall (c : Prop -> Prop -> Prop),
  (forall P P' Q Q', (P <-> P') -> (Q <-> Q') -> c P Q -> c P' Q') ->
  forall m P Q, periodic p m P -> periodic p m Q -> periodic p m (fun i => c (P i) (Q i)).
Proof using Type.
  intros c C m P Q HP HQ i L; assert (X := HP i L); assert (Y := HQ i L).
  exact (conj (C _ _ _ _ X Y) (C _ _ _ _ (iff_sym X) (iff_sym Y))).
Qed.

Lemma and_same : forall P P' Q Q' : Prop, (P <-> P') -> (Q <-> Q') -> P /\ Q -> P' /\ Q'.
Proof using Type.
  intros P P' Q Q' [ T _ ] [ U _ ] [ X Y ]; exact (conj (T X) (U Y)).
Qed.

Lemma truth_periodic : forall f, periodic p (round (past f)) (fun i => csat r i f).
Proof using follow repeats.
  assert (left : forall a b P, periodic p (round a) P -> periodic p (round (larger a b)) P).
  { intros a b P; exact (periodic_from _ _ _ P (round_le _ _ (larger_left a b))). }
  assert (right : forall a b P, periodic p (round b) P -> periodic p (round (larger a b)) P).
  { intros a b P; exact (periodic_from _ _ _ P (round_le _ _ (larger_right a b))). }
  assert (within : forall m P, periodic p (round m) P ->
    periodic p (round m) (fun i => inside r i /\ P i)).
  { intros m P H; refine (both_periodic and and_same _ _ _ _ H).
    exact (periodic_from _ _ _ _ (round_le 0 m (le_zero m)) inside_periodic). }
  intros f; induction f as [ a | | f IH | f IHf g IHg | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IH | f IHf g IHg | f IH | f IHf g IHg ].
  - exact (position_periodic _ (atom_at a) (fun i => proj2 (follow i) a)).
  - exact (fun i _ => iff_refl _).
  - intros i L; exact (not_iff_compat (IH i L)).
  - exact (both_periodic and and_same _ _ _ (left _ _ _ IHf) (right _ _ _ IHg)).
  - refine (both_periodic or _ _ _ _ (left _ _ _ IHf) (right _ _ _ IHg)).
    intros P P' Q Q' [ T _ ] [ U _ ] [ X | X ]; [ left; exact (T X) | right; exact (U X) ].
  - refine (both_periodic (fun P Q => P -> Q) _ _ _ _ (left _ _ _ IHf) (right _ _ _ IHg)).
    intros P P' Q Q' [ _ F ] [ U _ ] X Y; exact (U (X (F Y))).
  - refine (both_periodic iff _ _ _ _ (left _ _ _ IHf) (right _ _ _ IHg)).
    intros P P' Q Q' X Y Z; exact (iff_by _ _ _ (iff_sym X) (iff_by _ _ _ Z Y)).
  - intros i L; exact (within _ _ IH (S i) (le_S _ _ L)).
  - exact (until_periodic _ _ _ _ (left _ _ _ IHf) (within _ _ (right _ _ _ IHg))).
  - intros i L; destruct i as [ | i ].
    + simpl in L; unfold p in L; rewrite add_comm in L.
      destruct (le_none _ (le_trans _ _ _ (le_n_S _ _ (le_zero _)) L)).
    + apply IH; simpl in L; unfold p in L; rewrite add_comm in L.
      exact (le_trans _ _ _ (le_up q _) (le_back _ _ L)).
  - exact (since_periodic _ _ _ _ (left _ _ _ IHf) (right _ _ _ IHg)).
Qed.

(** A row of the whole length that agrees with [P]. *)
Definition right_row (P : nat -> Prop) (a : row) : Prop := agree P 0 (l + p) a.

Lemma right_map : forall (P : nat -> Prop) t, (forall i, P i <-> t (s i) = true) ->
  right_row P (map t w).
Proof using listed size.
  intros P t H; unfold right_row; rewrite <- size; exact (agree_map P s t H w 0 listed).
Qed.

Lemma right_drop : forall P a, right_row P a -> agree P l p (drop l a).
Proof using Type.
  intros P a K; generalize (agree_drop P p l a 0 K); rewrite add_zero; exact (fun X => X).
Qed.

Lemma right_next : forall P a, periodic p l P -> right_row P a ->
  right_row (fun i => P (S i)) (shift a (head (drop l a))).
Proof using Type.
  intros P a H R; apply (agree_shift P _ (l + p) a 0 R); rewrite add_zero.
  exact (iff_by _ _ _ (H l (le_n l)) (agree_head P q _ l (right_drop P a R))).
Qed.

(** Whatever the distance of the end, there is one within the first round. *)
Lemma until_round : forall A B a b, periodic p l A -> periodic p l B ->
  agree A l p a -> agree B l p b ->
  (until A B l <-> head_or false (until_row a b false) = true).
Proof using Type.
  intros A B a b HA HB K M; split; [ | exact (until_found A B p a b l K M) ].
  assert (X : forall n d, d <= n -> reach A B d l -> head_or false (until_row a b false) = true).
  { intros n; induction n as [ | n IH ]; intros e L Y;
      destruct (until_walk A B p a b l e K M Y) as [ E | (c & E & Z) ]; try exact E;
      rewrite E in L.
    - destruct (le_none _ (le_trans _ _ _ (le_n_S _ _ (le_zero _)) L)).
    - apply (IH c (le_trans _ _ _ (le_up q c) (le_back _ _ L))).
      rewrite (add_comm p l) in Z.
      exact (proj1 (reach_periodic p l A B HA HB c l (le_n l)) Z). }
  intros [ d R ]; exact (X d d (le_n d) R).
Qed.

Lemma right_until : forall A B a b, periodic p l A -> periodic p l B ->
  right_row A a -> right_row B b ->
  right_row (until A B) (until_row a b (head (until_row (drop l a) (drop l b) false))).
Proof using Type.
  intros A B a b HA HB Ra Rb; refine (proj1 (agree_until A B _ (l + p) a b 0 Ra Rb _)).
  rewrite add_zero; refine (iff_by _ _ _ (until_periodic p l A B HA HB l (le_n l)) _).
  exact (until_round A B _ _ HA HB (right_drop A a Ra) (right_drop B b Rb)).
Qed.

Lemma no_false : False <-> false = true.
Proof using Type. split; [ intros [] | discriminate ]. Qed.

Lemma rows_right : forall f, round (past f) <= l ->
  right_row (fun i => csat r i f) (rows w l f).
Proof using follow repeats listed size.
  assert (left : forall a b, round (larger a b) <= l -> round a <= l).
  { intros a b; exact (le_trans _ _ _ (round_le _ _ (larger_left a b))). }
  assert (right : forall a b, round (larger a b) <= l -> round b <= l).
  { intros a b; exact (le_trans _ _ _ (round_le _ _ (larger_right a b))). }
  assert (under : forall a, round (S a) <= l -> round a <= l).
  { intros a; exact (le_trans _ _ _ (round_le _ _ (le_S _ _ (le_n a)))). }
  assert (ins := right_map _ exists_at (fun i => proj1 (follow i))).
  assert (from : forall f, round (past f) <= l -> periodic p l (fun i => csat r i f)).
  { intros f L; exact (periodic_from _ _ _ _ L (truth_periodic f)). }
  assert (within : forall f, round (past f) <= l ->
    periodic p l (fun i => inside r i /\ csat r i f)).
  { intros f L; refine (both_periodic and and_same _ _ _ _ (from f L)).
    exact (periodic_from _ _ _ _ (le_trans _ _ _ (round_le _ _ (le_zero _)) L) inside_periodic). }
  intros f; induction f as [ a | | f IH | f IHf g IHg | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IH | f IHf g IHg | f IH | f IHf g IHg ]; intros L;
    try (assert (Lf := left (past f) (past g) L); assert (Lg := right (past f) (past g) L);
         specialize (IHf Lf); specialize (IHg Lg)).
  - exact (right_map _ (atom_at a) (fun i => proj2 (follow i) a)).
  - exact (right_map _ (fun _ => false) (fun _ => no_false)).
  - exact (agree_negb _ _ _ 0 (IH L)).
  - exact (agree_combine _ _ computes_and _ _ _ _ _ 0 IHf IHg).
  - exact (agree_combine _ _ computes_or _ _ _ _ _ 0 IHf IHg).
  - exact (agree_combine _ _ computes_impl _ _ _ _ _ 0 IHf IHg).
  - exact (agree_combine _ _ computes_iff _ _ _ _ _ 0 IHf IHg).
  - exact (right_next _ _ (within f L) (agree_combine _ _ computes_and _ _ _ _ _ 0 ins (IH L))).
  - exact (right_until _ _ _ _ (from f Lf) (within g Lg) IHf
      (agree_combine _ _ computes_and _ _ _ _ _ 0 ins IHg)).
  - exact (agree_delay _ _ _ 0 false (IH (under (past f) L)) no_false).
  - assert (U := under (larger (past f) (past g)) L).
    exact (agree_since _ _ _ _ _ 0 false
      (IHf (left (past f) (past g) U)) (IHg (right (past f) (past g) U)) no_false).
Qed.
End Rows.

(** *** Lassos *)
Lemma lookup_past : forall v u d, lookup v u (d + length u) = lookup v v d.
Proof.
  intros v u; induction u as [ | x u IH ]; intros d.
  - rewrite add_zero; destruct v as [ | y v ], d as [ | d ]; exact eq_refl.
  - simpl length; rewrite add_succ; exact (IH d).
Qed.

Lemma lookup_app : forall v u i, lookup v (u ++ v) i = lookup v u i.
Proof.
  intros v u; induction u as [ | x u IH ]; intros i.
  - destruct v as [ | y v ], i as [ | i ]; exact eq_refl.
  - destruct i as [ | i ]; [ exact eq_refl | exact (IH i) ].
Qed.

Lemma lookup_unroll : forall v u c i, lookup v (unroll c u v) i = lookup v u i.
Proof.
  intros v u c i; induction c as [ | c IH ]; [ exact eq_refl | ].
  exact (eq_trans (lookup_app v _ i) IH).
Qed.

Lemma lookup_periodic : forall v u i, length u <= i ->
  lookup v u (i + length v) = lookup v u i.
Proof.
  intros v u i L; destruct (le_sum _ _ L) as [ d E ]; rewrite E, add_swap.
  rewrite !lookup_past; exact eq_refl.
Qed.

Lemma along_lookup : forall s v w i, (forall j, s (j + i) = lookup v w j) -> along s i w.
Proof.
  intros s v w; induction w as [ | x w IH ]; intros i H; [ exact I | ].
  split; [ exact (H 0) | apply IH; intros j; rewrite add_succ; exact (H (S j)) ].
Qed.

Lemma app_length : forall (u v : list position), length (u ++ v) = length u + length v.
Proof.
  intros u v; induction u as [ | x u IH ]; [ exact eq_refl | exact (f_equal S IH) ].
Qed.

Lemma unroll_length : forall (u v : list position) q, length v = S q -> forall c,
  length (unroll c u v) = round q (length u) c.
Proof.
  intros u v q E c; induction c as [ | c IH ]; [ exact eq_refl | simpl ].
  rewrite app_length, IH, E; exact eq_refl.
Qed.

(** The row is right, and as long as the loop unrolled. *)
Lemma row_of_right : forall r u v q f c, length v = S q -> follows r (lookup v u) ->
  past f <= c ->
  agree (fun i => csat r i f) 0 (round q (length u) c + S q) (row_of c u v f).
Proof.
  intros r u v q f c E H L; unfold row_of.
  assert (N := unroll_length u v q E c); rewrite N.
  apply (rows_right r (lookup v u) _ _ q (length u) H).
  - apply (along_lookup _ v); intros j; rewrite add_zero, lookup_app.
    exact (eq_sym (lookup_unroll v u c j)).
  - rewrite app_length, N, E; exact eq_refl.
  - intros i K; rewrite <- E; exact (lookup_periodic v u i K).
  - exact (round_le q (length u) _ _ L).
Qed.

Theorem value_right : forall r u x v f, follows r (lookup (x :: v) u) ->
  (csat r 0 f <-> value u (x :: v) f = true).
Proof.
  intros r u x v f H; unfold value.
  generalize (row_of_right r u (x :: v) _ f _ eq_refl H (le_n (past f))); rewrite add_succ.
  exact (agree_head _ _ _ 0).
Qed.

Lemma agree_decides : forall P n a i j, agree P i n a -> j < n -> P (j + i) \/ ~ P (j + i).
Proof.
  intros P n; induction n as [ | n IH ]; intros [ | x a ] i j K L; try exact (False_ind _ K).
  - destruct (le_none _ (le_trans _ _ _ L (le_zero _))).
  - destruct j as [ | j ].
    + destruct (agree_first K) as [ T F ]; revert T F; destruct x; intros T F.
      * left; exact (F eq_refl).
      * right; intros X; discriminate (T X).
    + generalize (IH a (S i) j (agree_rest K) (le_back _ _ L)); rewrite add_succ.
      exact (fun X => X).
Qed.

Lemma round_beyond : forall q n c i, i <= c -> i < round q n c + S q.
Proof.
  intros q n c i L; rewrite add_succ, add_comm; refine (le_trans _ _ _ (le_n_S _ _ _) (le_up q _)).
  refine (le_trans _ _ _ L _); clear L i; induction c as [ | c IH ]; [ exact (le_zero _) | ].
  simpl; rewrite add_succ, add_comm; exact (le_trans _ _ _ (le_n_S _ _ IH) (le_up q _)).
Qed.

(** Every lasso, and so every finite run, is decided. *)
Theorem follows_decided : forall r u x v, follows r (lookup (x :: v) u) -> decided r.
Proof.
  intros r u x v H; apply core_decided; intros i f; set (c := past f + i).
  assert (P : past f <= c) by (unfold c; rewrite add_comm; exact (le_up i _)).
  generalize (agree_decides _ _ _ 0 i (row_of_right r u (x :: v) _ f c eq_refl H P)).
  rewrite add_zero; intros X; exact (X (round_beyond _ _ c i (le_up _ i))).
Qed.

(** ** The verdicts

    The run of a lasso, and of a list of positions. *)
Definition lasso (u v : list position) : run :=
  {| last := None; holds := fun i p => atom_at p (lookup v u i) = true |}.

Definition finite_run (w : list position) : run :=
  {| last := Some (pred (length w));
     holds := fun i p => atom_at p (lookup [None] w i) = true |}.

Definition exist_all (w : list position) : Prop := forall x, In x w -> exists_at x = true.

Lemma lookup_exists : forall v u, exist_all v -> exist_all u -> v <> [] ->
  forall i, exists_at (lookup v u i) = true.
Proof.
  intros v u V U N i; revert u U; induction i as [ | i IH ]; intros [ | x u ] U.
  - destruct v as [ | x v ]; [ destruct (N eq_refl) | exact (V x (or_introl eq_refl)) ].
  - exact (U x (or_introl eq_refl)).
  - destruct v as [ | x v ]; [ destruct (N eq_refl) | ].
    exact (IH v (fun y Y => V y (or_intror Y))).
  - exact (IH u (fun y Y => U y (or_intror Y))).
Qed.

Lemma lasso_follows : forall v u, exist_all v -> exist_all u -> v <> [] ->
  follows (lasso u v) (lookup v u).
Proof.
  intros v u V U N i; split; [ | exact (fun p => iff_refl _) ].
  exact (conj (fun _ => lookup_exists v u V U N i) (fun _ => I)).
Qed.

Lemma lookup_ended : forall i, lookup [None] [] i = None.
Proof. intros i; induction i as [ | [ | i ] IH ]; exact eq_refl || exact IH. Qed.

Lemma lookup_inside : forall w x, exist_all (x :: w) -> forall i,
  i <= length w <-> exists_at (lookup [None] (x :: w) i) = true.
Proof.
  intros w; induction w as [ | y w IH ]; intros x E [ | i ].
  - exact (conj (fun _ => E x (or_introl eq_refl)) (fun _ => le_n 0)).
  - simpl; rewrite lookup_ended; split; [ | discriminate ].
    intros L; destruct (le_none _ (le_trans _ _ _ (le_n_S _ _ (le_zero i)) L)).
  - exact (conj (fun _ => E x (or_introl eq_refl)) (fun _ => le_zero _)).
  - destruct (IH y (fun z Z => E z (or_intror Z)) i) as [ T F ]; split.
    + intros L; exact (T (le_back _ _ L)).
    + intros X; exact (le_n_S _ _ (F X)).
Qed.

Lemma finite_follows : forall w x, exist_all (x :: w) ->
  follows (finite_run (x :: w)) (lookup [None] (x :: w)).
Proof.
  intros w x E i; exact (conj (lookup_inside w x E i) (fun p => iff_refl _)).
Qed.

Lemma positions_exist : forall w, exist_all (positions w).
Proof.
  intros w; induction w as [ | l w IH ]; intros x X; [ destruct X | ].
  destruct X as [ [] | X ]; [ exact eq_refl | exact (IH x X) ].
Qed.

Lemma check_lasso_when : forall f u v, when (check_lasso f u v) (~ Valid f).
Proof.
  intros f u [ | x v ]; [ exact I | unfold check_lasso ].
  change (positions (x :: v)) with (position_of x :: positions v).
  set (r := lasso (positions u) (position_of x :: positions v)).
  assert (H : follows r (lookup (position_of x :: positions v) (positions u))).
  { exact (lasso_follows (positions (x :: v)) (positions u)
      (positions_exist _) (positions_exist _) (fun E => match E in _ = z
        return match z with [] => False | _ => True end with eq_refl => I end)). }
  assert (D := follows_decided _ _ _ _ H).
  destruct (value_right _ _ _ _ (core f) H) as [ T _ ].
  destruct (core_ok _ (decided_core _ D) f 0) as [ C _ ].
  destruct (value (positions u) (position_of x :: positions v) (core f)); [ exact I | ].
  intros V; discriminate (T (C (V r eq_refl D))).
Qed.

Lemma finite_value_right : forall f x w,
  decided (finite_run (positions (x :: w))) /\
  (sat (finite_run (positions (x :: w))) 0 f <-> finite_value f (x :: w) = true).
Proof.
  intros f x w.
  assert (H := finite_follows (positions w) (position_of x) (positions_exist (x :: w))).
  assert (D := follows_decided _ _ _ _ H); split; [ exact D | ].
  exact (iff_by _ _ _ (core_ok _ (decided_core _ D) f 0) (value_right _ _ _ _ (core f) H)).
Qed.

Lemma check_finite_when : forall f w, when (check_finite f w) (~ ValidFinite f).
Proof.
  intros f [ | x w ]; [ exact I | unfold check_finite ].
  destruct (finite_value_right f x w) as [ D [ T _ ] ].
  destruct (finite_value f (x :: w)); [ exact I | ].
  intros V; discriminate (T (V (finite_run (positions (x :: w))) _ eq_refl D)).
Qed.

Theorem check_lasso_sound : forall f u v, check_lasso f u v = true -> ~ Valid f.
Proof. intros f u v; exact (when_true _ _ (check_lasso_when f u v)). Qed.

Theorem check_finite_sound : forall f w, check_finite f w = true -> ~ ValidFinite f.
Proof. intros f w; exact (when_true _ _ (check_finite_when f w)). Qed.
