(** * Runs, and truth in them

    A run is a sequence of positions, with a last one or without end. [sat] is
    truth at a position, each operator as textbooks have it. [csat] is truth of a
    core formula, in a form that computes one position at a time; [core_ok] says
    that they agree. *)

From Coq Require Import List PArith.
From PXLChrono Require Import Syntax.

(** [last r = None]: time goes on for ever. *)
Record run : Type := Run {
  last : option nat;
  holds : nat -> positive -> Prop
}.

Definition inside (r : run) (i : nat) : Prop :=
  match last r with None => True | Some n => i <= n end.

Fixpoint sat (r : run) (i : nat) (f : tform) : Prop :=
  match f with
  | Atom p => holds r i p
  | Bot => False
  | Neg a => ~ sat r i a
  | Conj a b => sat r i a /\ sat r i b
  | Disj a b => sat r i a \/ sat r i b
  | Impl a b => sat r i a -> sat r i b
  | Iff a b => sat r i a <-> sat r i b
  | Next a => inside r (S i) /\ sat r (S i) a
  | Eventually a => exists j, i <= j /\ inside r j /\ sat r j a
  | Globally a => forall j, i <= j -> inside r j -> sat r j a
  | Until a b => exists j, i <= j /\ inside r j /\ sat r j b
      /\ forall k, i <= k -> k < j -> sat r k a
  | WeakUntil a b =>
      (exists j, i <= j /\ inside r j /\ sat r j b /\ forall k, i <= k -> k < j -> sat r k a)
      \/ (forall j, i <= j -> inside r j -> sat r j a)
  | Release a b => forall j, i <= j -> inside r j ->
      sat r j b \/ exists k, i <= k /\ k < j /\ sat r k a
  | StrongRelease a b => exists j, i <= j /\ inside r j /\ sat r j a
      /\ forall k, i <= k -> k <= j -> sat r k b
  | Prev a => match i with O => False | S j => sat r j a end
  | WeakPrev a => match i with O => True | S j => sat r j a end
  | Once a => exists j, j <= i /\ sat r j a
  | Historically a => forall j, j <= i -> sat r j a
  | Since a b => exists j, j <= i /\ sat r j b /\ forall k, j < k -> k <= i -> sat r k a
  | Triggered a b => forall j, j <= i ->
      sat r j b \/ exists k, j < k /\ k <= i /\ sat r k a
  | Always a => forall j, inside r j -> sat r j a
  | Sometime a => exists j, inside r j /\ sat r j a
  | At t a => inside r t /\ sat r t a
  end.

(** Every formula is true or not at every position: excluded middle for this run
    only. It holds of every finite run and of every lasso of booleans without
    any axiom ([Countermodel]). *)
Definition decided (r : run) : Prop := forall i f, sat r i f \/ ~ sat r i f.

(** A formula is valid when it is true at the first position of every run. *)
Definition Valid (f : tform) : Prop :=
  forall r, last r = None -> decided r -> sat r 0 f.

Definition ValidFinite (f : tform) : Prop :=
  forall r n, last r = Some n -> decided r -> sat r 0 f.

(** ** Core formulas *)

(** [B] is true [d] positions later, and [A] at those before. *)
Fixpoint reach (A B : nat -> Prop) (d i : nat) : Prop :=
  match d with O => B i | S d => A i /\ reach A B d (S i) end.

Fixpoint since (A B : nat -> Prop) (i : nat) : Prop :=
  B i \/ match i with O => False | S j => A i /\ since A B j end.

Fixpoint csat (r : run) (i : nat) (f : kform) : Prop :=
  match f with
  | KAtom p => holds r i p
  | KBot => False
  | KNeg a => ~ csat r i a
  | KConj a b => csat r i a /\ csat r i b
  | KDisj a b => csat r i a \/ csat r i b
  | KImpl a b => csat r i a -> csat r i b
  | KIff a b => csat r i a <-> csat r i b
  | KNext a => inside r (S i) /\ csat r (S i) a
  | KUntil a b => exists d,
      reach (fun j => csat r j a) (fun j => inside r j /\ csat r j b) d i
  | KPrev a => match i with O => False | S j => csat r j a end
  | KSince a b => since (fun j => csat r j a) (fun j => csat r j b) i
  end.

(** What [csat] says of a formula, in terms of its parts. Proofs go through [into]
    and [out], since a term where [csat] unfolds holds a copy of its body. *)
Definition parts (r : run) (i : nat) (f : kform) : Prop :=
  match f with
  | KAtom p => holds r i p
  | KBot => False
  | KNeg a => ~ csat r i a
  | KConj a b => csat r i a /\ csat r i b
  | KDisj a b => csat r i a \/ csat r i b
  | KImpl a b => csat r i a -> csat r i b
  | KIff a b => csat r i a <-> csat r i b
  | KNext a => inside r (S i) /\ csat r (S i) a
  | KUntil a b => exists d,
      reach (fun j => csat r j a) (fun j => inside r j /\ csat r j b) d i
  | KPrev a => match i with O => False | S j => csat r j a end
  | KSince a b => since (fun j => csat r j a) (fun j => csat r j b) i
  end.

Lemma into : forall {r i f}, parts r i f -> csat r i f.
Proof. intros r i []; exact (fun X => X). Qed.

Lemma out : forall {r i f}, csat r i f -> parts r i f.
Proof. intros r i []; exact (fun X => X). Qed.

Definition cdecided (r : run) : Prop := forall i f, csat r i f \/ ~ csat r i f.

(** ** Small facts about positions *)
Lemma le_up : forall d i, i <= d + i.
Proof. intros d i; induction d as [ | d IH ]; [ exact (le_n i) | exact (le_S _ _ IH) ]. Qed.

Lemma le_trans : forall i j k, i <= j -> j <= k -> i <= k.
Proof.
  intros i j k H J; induction J as [ | k J IH ]; [ exact H | exact (le_S _ _ IH) ].
Qed.

Lemma le_sum : forall i j, i <= j -> exists d, j = d + i.
Proof.
  intros i j H; induction H as [ | j H [d E] ]; [ exists 0; exact eq_refl | ].
  exists (S d); exact (f_equal S E).
Qed.

Lemma le_zero : forall i, 0 <= i.
Proof. intros i; induction i as [ | i IH ]; [ exact (le_n 0) | exact (le_S _ _ IH) ]. Qed.

Lemma le_split : forall i j, i <= S j -> i <= j \/ i = S j.
Proof.
  intros i j H; refine (match H in _ <= n
    return match n with O => True | S j => i <= j \/ i = S j end with
    | le_n _ => _ | le_S _ _ L => or_introl L end).
  destruct i; [ exact I | right; exact eq_refl ].
Qed.

Lemma le_pred : forall i j, S i <= j -> i <= j.
Proof. intros i j; exact (le_trans i (S i) j (le_S _ _ (le_n i))). Qed.

Lemma le_back : forall i j, S i <= S j -> i <= j.
Proof.
  intros i j H; destruct (le_split _ _ H) as [ L | E ]; [ exact (le_pred _ _ L) | ].
  injection E as []; exact (le_n i).
Qed.

Lemma le_none : forall i, ~ S i <= i.
Proof.
  intros i; induction i as [ | i IH ]; intros H; [ | exact (IH (le_back _ _ H)) ].
  exact (match H in _ <= n return match n with O => False | S _ => True end with
         | le_n _ => I | le_S _ _ _ => I end).
Qed.

Lemma add_succ : forall d i, d + S i = S d + i.
Proof. intros d i; induction d as [ | d IH ]; [ exact eq_refl | exact (f_equal S IH) ]. Qed.

Lemma inside_before : forall r i j, i <= j -> inside r j -> inside r i.
Proof.
  intros r i j H; unfold inside.
  destruct (last r) as [ n | ]; [ exact (le_trans i j n H) | exact (fun X => X) ].
Qed.

Lemma inside_first : forall r, inside r 0.
Proof. intros r; unfold inside; destruct (last r) as [ n | ]; [ exact (le_zero n) | exact I ]. Qed.

(** ** Until and since, a position at a time *)
Lemma reach_until : forall A B i,
  (exists d, reach A B d i) <-> exists j, i <= j /\ B j /\ forall k, i <= k -> k < j -> A k.
Proof.
  intros A B i; split.
  - intros [ d R ]; exists (d + i); split; [ exact (le_up d i) | ].
    revert i R; induction d as [ | d IH ]; intros i R.
    + split; [ exact R | intros k K L; destruct (le_none i (le_trans _ _ _ (le_n_S _ _ K) L)) ].
    + destruct R as [ X R ]; destruct (IH (S i) R) as [ Y K ]; rewrite add_succ in Y, K.
      split; [ exact Y | intros k L ]; destruct L as [ | k L ]; [ intros _; exact X | ].
      exact (K _ (le_n_S _ _ L)).
  - intros (j & L & Y & K); destruct (le_sum i j L) as [ d E ]; exists d; clear L.
    rewrite E in Y, K; clear E; revert i Y K; induction d as [ | d IH ]; intros i Y K.
    + exact Y.
    + split; [ exact (K i (le_n i) (le_n_S _ _ (le_up d i))) | ].
      apply IH; rewrite add_succ; [ exact Y | ].
      intros k H; exact (K k (le_pred _ _ H)).
Qed.

Lemma since_step : forall A B i,
  since A B i <-> B i \/ (A i /\ match i with O => False | S j => since A B j end).
Proof.
  intros A B [ | i ]; [ | exact (iff_refl _) ]; split.
  - intros [ Y | [] ]; left; exact Y.
  - intros [ Y | [ _ [] ] ]; left; exact Y.
Qed.

Lemma since_past : forall A B i,
  since A B i <-> exists j, j <= i /\ B j /\ forall k, j < k -> k <= i -> A k.
Proof.
  intros A B i; induction i as [ | i [IH HI] ]; split.
  - intros [ Y | [] ]; exists 0; split; [ exact (le_n 0) | split; [ exact Y | ] ].
    intros k K L.
    destruct (le_none 0 (le_trans _ _ _ (le_trans _ _ _ (le_n_S _ _ (le_zero _)) K) L)).
  - intros (j & L & Y & _); left.
    exact (match L in _ <= n return match n with O => B n | S _ => True end with
           | le_n _ => match j return B j -> match j with O => B j | S _ => True end with
                       | O => fun Y => Y | S _ => fun _ => I end Y
           | le_S _ _ _ => I end).
  - intros [ Y | [ X R ] ].
    + exists (S i); split; [ exact (le_n _) | split; [ exact Y | ] ].
      intros k K L; destruct (le_none _ (le_trans _ _ _ K L)).
    + destruct (IH R) as (j & L & Y & K); exists j.
      split; [ exact (le_S _ _ L) | split; [ exact Y | intros k M N ] ].
      destruct (le_split _ _ N) as [ N' | E ]; [ exact (K k M N') | rewrite E; exact X ].
  - intros (j & L & Y & K); destruct (le_split _ _ L) as [ M | E ].
    + right; split; [ exact (K _ (le_n_S _ _ M) (le_n _)) | apply HI ].
      exists j; split; [ exact M | split; [ exact Y | ] ].
      intros k N O; exact (K k N (le_S _ _ O)).
    + left; rewrite <- E; exact Y.
Qed.

Lemma lt_or_equal : forall i j, i <= j -> i < j \/ i = j.
Proof.
  intros i j H; destruct H as [ | j H ]; [ right; exact eq_refl | left; exact (le_n_S _ _ H) ].
Qed.

Lemma lt_or_le : forall i j, i < j \/ j <= i.
Proof.
  intros i j; induction j as [ | j [ IH | IH ] ].
  - right; exact (le_zero i).
  - left; exact (le_S _ _ IH).
  - destruct (lt_or_equal _ _ IH) as [ L | [] ]; [ right; exact L | left; exact (le_n _) ].
Qed.

(** ** The core formula says what the formula says

    [says P a]: the core formula [a] is true where [P] holds. Each operator's
    textbook meaning is matched with its core formula, given a match for its
    operands. *)
Section Core.
Variable r : run.
Hypothesis D : cdecided r.

Definition says (P : nat -> Prop) (a : kform) : Prop := forall i, P i <-> csat r i a.

Lemma says_same : forall P Q a, (forall i, Q i <-> P i) -> says P a -> says Q a.
Proof.
  intros P Q a E H i; destruct (E i) as [ T F ], (H i) as [ U G ].
  exact (conj (fun X => U (T X)) (fun X => F (G X))).
Qed.

Lemma says_decided : forall P a, says P a -> forall i, P i \/ ~ P i.
Proof using D.
  intros P a H i; destruct (H i) as [ T F ], (D i a) as [ Y | N ].
  - left; exact (F Y).
  - right; exact (fun X => N (T X)).
Qed.

Lemma says_neg : forall P a, says P a -> says (fun i => ~ P i) (KNeg a).
Proof.
  intros P a H i; destruct (H i) as [ T F ].
  exact (conj (fun X Y => X (F Y)) (fun X Y => X (T Y))).
Qed.

Lemma says_not : forall P a, says P a -> says (fun i => ~ P i) (not a).
Proof using D.
  intros P a H; generalize (says_neg P a H); destruct a; try exact (fun X => X).
  intros _ i; destruct (H i) as [ T F ]; split.
  - intros N; destruct (D i a) as [ Y | X ]; [ exact Y | destruct (N (F X)) ].
  - exact (fun Y X => T X Y).
Qed.

Lemma says_top : says (fun _ => True) top.
Proof. exact (fun i => conj (fun _ X => X) (fun _ => I)). Qed.

Lemma says_conj : forall P Q a b, says P a -> says Q b ->
  says (fun i => P i /\ Q i) (KConj a b).
Proof.
  intros P Q a b H J i; destruct (H i) as [ T F ], (J i) as [ U G ].
  split; intros [ X Y ]; [ exact (conj (T X) (U Y)) | exact (conj (F X) (G Y)) ].
Qed.

Lemma says_disj : forall P Q a b, says P a -> says Q b ->
  says (fun i => P i \/ Q i) (KDisj a b).
Proof.
  intros P Q a b H J i; destruct (H i) as [ T F ], (J i) as [ U G ]; split.
  - intros [ X | Y ]; [ left; exact (T X) | right; exact (U Y) ].
  - intros [ X | Y ]; [ left; exact (F X) | right; exact (G Y) ].
Qed.

Lemma says_impl : forall P Q a b, says P a -> says Q b ->
  says (fun i => P i -> Q i) (KImpl a b).
Proof.
  intros P Q a b H J i; destruct (H i) as [ T F ], (J i) as [ U G ].
  exact (conj (fun X Y => U (X (F Y))) (fun X Y => G (X (T Y)))).
Qed.

Lemma says_iff : forall P Q a b, says P a -> says Q b ->
  says (fun i => P i <-> Q i) (KIff a b).
Proof.
  intros P Q a b H J i; destruct (H i) as [ T F ], (J i) as [ U G ].
  exact (conj
    (fun '(conj X Y) => conj (fun A => U (X (F A))) (fun B => T (Y (G B))))
    (fun '(conj X Y) => conj (fun A => G (X (T A))) (fun B => F (Y (U B))))).
Qed.

Lemma says_next : forall P a, says P a ->
  says (fun i => inside r (S i) /\ P (S i)) (KNext a).
Proof.
  intros P a H i; destruct (H (S i)) as [ T F ].
  exact (conj (fun '(conj X Y) => conj X (T Y)) (fun '(conj X Y) => conj X (F Y))).
Qed.

Lemma says_prev : forall P a, says P a ->
  says (fun i => match i with O => False | S j => P j end) (KPrev a).
Proof.
  intros P a H [ | i ]; [ exact (conj (fun X => X) (fun X => X)) | exact (H i) ].
Qed.

Lemma says_until : forall P Q a b, says P a -> says Q b ->
  says (fun i => exists j, i <= j /\ inside r j /\ Q j /\ forall k, i <= k -> k < j -> P k)
    (KUntil a b).
Proof.
  intros P Q a b H J i.
  destruct (reach_until (fun j => csat r j a) (fun j => inside r j /\ csat r j b) i) as [ T F ].
  split.
  - intros (j & L & N & Y & K); apply F; exists j.
    split; [ exact L | split; [ exact (conj N (proj1 (J j) Y)) | ] ].
    exact (fun k V W => proj1 (H k) (K k V W)).
  - intros X; destruct (T X) as (j & L & (N & Y) & K); exists j.
    split; [ exact L | split; [ exact N | split; [ exact (proj2 (J j) Y) | ] ] ].
    exact (fun k V W => proj2 (H k) (K k V W)).
Qed.

Lemma says_since : forall P Q a b, says P a -> says Q b ->
  says (fun i => exists j, j <= i /\ Q j /\ forall k, j < k -> k <= i -> P k) (KSince a b).
Proof.
  intros P Q a b H J i.
  destruct (since_past (fun j => csat r j a) (fun j => csat r j b) i) as [ T F ]; split.
  - intros (j & L & Y & K); apply F; exists j.
    exact (conj L (conj (proj1 (J j) Y) (fun k V W => proj1 (H k) (K k V W)))).
  - intros X; destruct (T X) as (j & L & Y & K); exists j.
    exact (conj L (conj (proj2 (J j) Y) (fun k V W => proj2 (H k) (K k V W)))).
Qed.

Lemma says_eventually : forall P a, says P a ->
  says (fun i => exists j, i <= j /\ inside r j /\ P j) (eventually a).
Proof.
  intros P a H; refine (says_same _ _ _ _ (says_until _ _ _ _ says_top H)).
  intros i; split.
  - intros (j & L & N & Y); exists j; repeat split; assumption.
  - intros (j & L & N & Y & _); exists j; exact (conj L (conj N Y)).
Qed.

Lemma says_once : forall P a, says P a -> says (fun i => exists j, j <= i /\ P j) (once a).
Proof.
  intros P a H; refine (says_same _ _ _ _ (says_since _ _ _ _ says_top H)).
  intros i; split.
  - intros (j & L & Y); exists j; repeat split; assumption.
  - intros (j & L & Y & _); exists j; exact (conj L Y).
Qed.

(** What is decided and not false is true. *)
Lemma stable : forall P : Prop, P \/ ~ P -> ~ ~ P -> P.
Proof. intros P [ Y | N ] X; [ exact Y | destruct (X N) ]. Qed.

Lemma says_globally : forall P a, says P a ->
  says (fun i => forall j, i <= j -> inside r j -> P j) (KNeg (eventually (not a))).
Proof using D.
  intros P a H; apply (says_same (fun i => ~ exists j, i <= j /\ inside r j /\ ~ P j)).
  - intros i; split.
    + intros X (j & L & N & Y); exact (Y (X j L N)).
    + intros X j L N; apply (stable _ (says_decided P a H j)).
      intros Y; exact (X (ex_intro _ j (conj L (conj N Y)))).
  - exact (says_neg _ _ (says_eventually _ _ (says_not P a H))).
Qed.

Lemma says_historically : forall P a, says P a ->
  says (fun i => forall j, j <= i -> P j) (KNeg (once (not a))).
Proof using D.
  intros P a H; apply (says_same (fun i => ~ exists j, j <= i /\ ~ P j)).
  - intros i; split.
    + intros X (j & L & Y); exact (Y (X j L)).
    + intros X j L; apply (stable _ (says_decided P a H j)).
      intros Y; exact (X (ex_intro _ j (conj L Y))).
  - exact (says_neg _ _ (says_once _ _ (says_not P a H))).
Qed.

Lemma search : forall P, (forall i, P i \/ ~ P i) -> forall i j,
  (exists k, i <= k /\ k < j /\ P k) \/ (forall k, i <= k -> k < j -> ~ P k).
Proof.
  intros P d i j; induction j as [ | j [ (k & L & M & X) | N ] ].
  - right; intros k _ M; destruct (le_none k (le_trans _ _ _ M (le_zero k))).
  - left; exists k; exact (conj L (conj (le_S _ _ M) X)).
  - destruct (lt_or_le j i) as [ L | L ].
    + right; intros k K M.
      destruct (le_none j (le_trans _ _ _ L (le_trans _ _ _ K (le_back _ _ M)))).
    + destruct (d j) as [ Y | Y ].
      * left; exists j; exact (conj L (conj (le_n _) Y)).
      * right; intros k K M; destruct (lt_or_equal _ _ (le_back _ _ M)) as [ V | E ].
        -- exact (N k K V).
        -- rewrite E; exact Y.
Qed.

Lemma says_release : forall P Q a b, says P a -> says Q b ->
  says (fun i => forall j, i <= j -> inside r j -> Q j \/ exists k, i <= k /\ k < j /\ P k)
    (KNeg (KUntil (not a) (not b))).
Proof using D.
  intros P Q a b H J; apply (says_same (fun i => ~ exists j,
    i <= j /\ inside r j /\ ~ Q j /\ forall k, i <= k -> k < j -> ~ P k)).
  - intros i; split.
    + intros X (j & L & N & Y & K).
      destruct (X j L N) as [ Z | (k & V & W & Z) ]; [ exact (Y Z) | exact (K k V W Z) ].
    + intros X j L N; destruct (says_decided Q b J j) as [ Y | Y ]; [ left; exact Y | right ].
      destruct (search P (says_decided P a H) i j) as [ Z | Z ]; [ exact Z | ].
      destruct (X (ex_intro _ j (conj L (conj N (conj Y Z))))).
  - exact (says_neg _ _ (says_until _ _ _ _ (says_not P a H) (says_not Q b J))).
Qed.

Lemma says_triggered : forall P Q a b, says P a -> says Q b ->
  says (fun i => forall j, j <= i -> Q j \/ exists k, j < k /\ k <= i /\ P k)
    (KNeg (KSince (not a) (not b))).
Proof using D.
  intros P Q a b H J; apply (says_same (fun i => ~ exists j,
    j <= i /\ ~ Q j /\ forall k, j < k -> k <= i -> ~ P k)).
  - intros i; split.
    + intros X (j & L & Y & K).
      destruct (X j L) as [ Z | (k & V & W & Z) ]; [ exact (Y Z) | exact (K k V W Z) ].
    + intros X j L; destruct (says_decided Q b J j) as [ Y | Y ]; [ left; exact Y | right ].
      destruct (search P (says_decided P a H) (S j) (S i)) as [ (k & V & W & Z) | Z ].
      * exists k; exact (conj V (conj (le_back _ _ W) Z)).
      * destruct X; exists j; split; [ exact L | split; [ exact Y | ] ].
        intros k V W; exact (Z k V (le_n_S _ _ W)).
  - exact (says_neg _ _ (says_since _ _ _ _ (says_not P a H) (says_not Q b J))).
Qed.

Lemma says_weak_until : forall P Q a b, says P a -> says Q b ->
  says (fun i =>
      (exists j, i <= j /\ inside r j /\ Q j /\ forall k, i <= k -> k < j -> P k)
      \/ (forall j, i <= j -> inside r j -> P j))
    (KNeg (KUntil (not b) (KNeg (KDisj a b)))).
Proof using D.
  intros P Q a b H J; apply (says_same (fun i => ~ exists j,
    i <= j /\ inside r j /\ ~ (P j \/ Q j) /\ forall k, i <= k -> k < j -> ~ Q k)).
  - intros i; split.
    + intros [ (j & L & N & Y & K) | G ] (m & M & O & X & Z).
      * destruct (lt_or_le j m) as [ V | V ]; [ exact (Z j L V Y) | ].
        destruct (lt_or_equal _ _ V) as [ W | E ]; [ exact (X (or_introl (K m M W))) | ].
        apply X; right; rewrite E; exact Y.
      * exact (X (or_introl (G m M O))).
    + intros X.
      destruct (says_decided _ _ (says_until P Q a b H J) i) as [ U | U ];
        [ left; exact U | right ].
      assert (K : forall j, inside r j -> forall k, i <= k -> k < S j -> P k /\ ~ Q k).
      { assert (one : forall j, i <= j -> inside r j ->
          (forall k, i <= k -> k < j -> P k /\ ~ Q k) -> P j /\ ~ Q j).
        { intros j L N B.
          assert (q : ~ Q j).
          { intros Y; apply U; exists j.
            exact (conj L (conj N (conj Y (fun k V W => proj1 (B k V W))))). }
          split; [ | exact q ]; apply (stable _ (says_decided P a H j)); intros p.
          apply X; exists j; split; [ exact L | split; [ exact N | split ] ].
          - intros [ Y | Y ]; [ exact (p Y) | exact (q Y) ].
          - exact (fun k V W => proj2 (B k V W)). }
        intros j; induction j as [ | j IH ]; intros N k V W.
        - destruct (lt_or_equal _ _ (le_back _ _ W)) as [ E | E ].
          + destruct (le_none k (le_trans _ _ _ E (le_zero k))).
          + rewrite E in V |- *; apply (one 0 V N).
            intros m _ M; destruct (le_none m (le_trans _ _ _ M (le_zero m))).
        - assert (IN := IH (inside_before r j (S j) (le_S _ _ (le_n j)) N)).
          destruct (lt_or_equal _ _ (le_back _ _ W)) as [ E | E ]; [ exact (IN k V E) | ].
          rewrite E in V |- *; exact (one (S j) V N IN). }
      intros j L N; exact (proj1 (K j N j L (le_n _))).
  - exact (says_neg _ _ (says_until _ _ _ _ (says_not Q b J)
      (says_neg _ _ (says_disj P Q a b H J)))).
Qed.

Lemma says_strong_release : forall P Q a b, says P a -> says Q b ->
  says (fun i => exists j, i <= j /\ inside r j /\ P j /\ forall k, i <= k -> k <= j -> Q k)
    (KUntil b (KConj a b)).
Proof.
  intros P Q a b H J; refine (says_same _ _ _ _ (says_until _ _ _ _ J (says_conj _ _ _ _ H J))).
  intros i; split.
  - intros (j & L & N & Y & K); exists j.
    refine (conj L (conj N (conj (conj Y (K j L (le_n j))) _))).
    exact (fun k V W => K k V (le_pred _ _ W)).
  - intros (j & L & N & [ Y Z ] & K); exists j; refine (conj L (conj N (conj Y _))).
    intros k V W; destruct (lt_or_equal _ _ W) as [ X | E ]; [ exact (K k V X) | ].
    rewrite E; exact Z.
Qed.

Lemma says_sometime : forall P a, says P a ->
  says (fun _ => exists j, inside r j /\ P j) (once (eventually a)).
Proof.
  intros P a H; refine (says_same _ _ _ _ (says_once _ _ (says_eventually _ _ H))).
  intros i; split.
  - intros (j & N & Y); exists 0; split; [ exact (le_zero i) | exists j ].
    exact (conj (le_zero j) (conj N Y)).
  - intros (_ & _ & j & _ & N & Y); exists j; exact (conj N Y).
Qed.

Lemma says_always : forall P a, says P a ->
  says (fun _ => forall j, inside r j -> P j) (KNeg (once (eventually (not a)))).
Proof using D.
  intros P a H; refine (says_same _ _ _ _ (says_neg _ _ (says_sometime _ _ (says_not _ _ H)))).
  intros i; split.
  - intros X (j & N & Y); exact (Y (X j N)).
  - intros X j N; apply (stable _ (says_decided P a H j)).
    intros Y; exact (X (ex_intro _ j (conj N Y))).
Qed.

Lemma says_nexts : forall P a, says P a -> forall t i, inside r i ->
  (inside r (t + i) /\ P (t + i) <-> csat r i (nexts t a)).
Proof.
  intros P a H t; induction t as [ | t IH ]; intros i N.
  - destruct (H i) as [ T F ]; split.
    + intros [ _ X ]; exact (T X).
    + intros X; exact (conj N (F X)).
  - generalize (IH (S i)); rewrite add_succ; intros J; split.
    + intros X; assert (M := inside_before _ _ _ (le_n_S _ _ (le_up t i)) (proj1 X)).
      exact (conj M (proj1 (J M) X)).
    + intros [ M X ]; exact (proj2 (J M) X).
Qed.

Lemma first_zero : forall i, csat r i first -> i = 0.
Proof. intros [ | i ] X; [ exact eq_refl | destruct (X (fun Y => Y)) ]. Qed.

Lemma add_zero : forall t, t + 0 = t.
Proof. intros t; induction t as [ | t IH ]; [ exact eq_refl | exact (f_equal S IH) ]. Qed.

Lemma says_at : forall t P a, says P a ->
  says (fun _ => inside r t /\ P t) (once (KConj first (nexts t a))).
Proof.
  intros t P a H i.
  destruct (says_once _ _ (fun j => iff_refl (csat r j (KConj first (nexts t a)))) i) as [ T F ].
  generalize (says_nexts P a H t 0 (inside_first r)); rewrite add_zero; intros [ U G ]; split.
  - intros X; apply T; exists 0; exact (conj (le_zero i) (conj (fun Y => Y) (U X))).
  - intros X; destruct (F X) as (j & _ & Z & Y); rewrite (first_zero j Z) in Y; exact (G Y).
Qed.

Theorem core_says : forall f, says (fun i => sat r i f) (core f).
Proof using D.
  intros f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg | f IHf g IHg | f IHf g IHg
    | f IH | f IH | f IH | f IHf g IHg | f IHf g IHg | f IHf g IHg | f IHf g IHg
    | f IH | f IH | f IH | f IH | f IHf g IHg | f IHf g IHg | f IH | f IH | t f IH ].
  - exact (fun i => iff_refl _).
  - exact (fun i => iff_refl _).
  - exact (says_not _ _ IH).
  - exact (says_conj _ _ _ _ IHf IHg).
  - exact (says_disj _ _ _ _ IHf IHg).
  - exact (says_impl _ _ _ _ IHf IHg).
  - exact (says_iff _ _ _ _ IHf IHg).
  - exact (says_next _ _ IH).
  - exact (says_eventually _ _ IH).
  - exact (says_globally _ _ IH).
  - exact (says_until _ _ _ _ IHf IHg).
  - exact (says_weak_until _ _ _ _ IHf IHg).
  - exact (says_release _ _ _ _ IHf IHg).
  - exact (says_strong_release _ _ _ _ IHf IHg).
  - exact (says_prev _ _ IH).
  - refine (says_same _ _ _ _ (says_neg _ _ (says_prev _ _ (says_not _ _ IH)))).
    intros [ | i ]; [ exact (conj (fun _ X => X) (fun _ => I)) | split ].
    + exact (fun X Y => Y X).
    + exact (stable _ (says_decided _ _ IH i)).
  - exact (says_once _ _ IH).
  - exact (says_historically _ _ IH).
  - exact (says_since _ _ _ _ IHf IHg).
  - exact (says_triggered _ _ _ _ IHf IHg).
  - exact (says_always _ _ IH).
  - exact (says_sometime _ _ IH).
  - exact (says_at t _ _ IH).
Qed.

End Core.

Theorem core_ok : forall r, cdecided r -> forall f i, sat r i f <-> csat r i (core f).
Proof. exact core_says. Qed.

(** A run that decides one language decides the other. *)
Lemma surface_says : forall r f, says r (fun i => sat r i (surface f)) f.
Proof.
  intros r f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IH | f IHf g IHg | f IH | f IHf g IHg ].
  - exact (fun i => iff_refl _).
  - exact (fun i => iff_refl _).
  - exact (says_neg r _ _ IH).
  - exact (says_conj r _ _ _ _ IHf IHg).
  - exact (says_disj r _ _ _ _ IHf IHg).
  - exact (says_impl r _ _ _ _ IHf IHg).
  - exact (says_iff r _ _ _ _ IHf IHg).
  - exact (says_next r _ _ IH).
  - exact (says_until r _ _ _ _ IHf IHg).
  - exact (says_prev r _ _ IH).
  - exact (says_since r _ _ _ _ IHf IHg).
Qed.

Theorem decided_core : forall r, decided r -> cdecided r.
Proof.
  intros r D i f; destruct (surface_says r f i) as [ T F ], (D i (surface f)) as [ Y | N ].
  - left; exact (T Y).
  - right; exact (fun X => N (F X)).
Qed.

Theorem core_decided : forall r, cdecided r -> decided r.
Proof.
  intros r D i f; destruct (core_ok r D f i) as [ T F ], (D i (core f)) as [ Y | N ].
  - left; exact (F Y).
  - right; exact (fun X => N (T X)).
Qed.
