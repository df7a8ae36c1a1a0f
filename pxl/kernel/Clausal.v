(** * Certificates of provability: clausal proofs

    A certificate is a table of the goal's subformulas and a list of steps, each
    of which derives a clause: by unit propagation through earlier clauses, or
    by necessitation. A certificate that passes [check_proof] makes the goal a
    theorem. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Prov Semantics Completeness Trie.
Import ListNotations.

(** ** What a certificate is

    Nodes are numbered from 1 in table order, and a node names earlier ones; the
    last one is the goal. The literal [v~0] says that node [v] is true, [v~1]
    that it is false. Clauses are numbered from 1: first the defining clauses of
    the nodes, in table order, then one for each step. *)
Inductive entry : Type :=
| EAtom (p : positive)
| EBot
| ENeg (a : positive)
| EConj (a b : positive)
| EDisj (a b : positive)
| EImpl (a b : positive)
| EIff (a b : positive)
| EBox (a : positive)
| EDia (a : positive).

Definition clause : Type := list positive.

Inductive step : Type :=
| Rup (c : clause) (hints : list positive)
| Nec (premise node : positive).

Record proof : Type := { table : list entry; steps : list step }.

(** ** Reading the table

    [child] is the literal of [g] when [meaning] is [Box g] or [Dia g], and not
    used otherwise. *)
Record node : Type := { meaning : form; lit : positive; child : positive }.

Definition flip (l : positive) : positive :=
  match l with xO v => xI v | xI v => xO v | xH => xH end.

Definition plain (f : form) (l : positive) : node :=
  {| meaning := f; lit := l; child := xH |}.

(** What entry [e] adds as node [i]: the node and its defining clauses. A
    negation has none, since its literal is its child's, flipped. *)
Definition describe (nodes : trie node) (i : positive) (e : entry)
  : option (node * list clause) :=
  let v := xO i in
  let nv := xI i in
  let with1 a (k : node -> node * list clause) :=
    match get a nodes with Some n => Some (k n) | None => None end in
  let with2 a b (op : form -> form -> form)
      (k : positive -> positive -> list clause) :=
    match get a nodes with
    | Some n =>
        match get b nodes with
        | Some m => Some (plain (op (meaning n) (meaning m)) v, k (lit n) (lit m))
        | None => None
        end
    | None => None
    end in
  match e with
  | EAtom p => Some (plain (Atom p) v, [])
  | EBot => Some (plain Bot v, [[nv]])
  | ENeg a => with1 a (fun n => (plain (Neg (meaning n)) (flip (lit n)), []))
  | EConj a b => with2 a b Conj (fun x y => [[nv; x]; [nv; y]; [v; flip x; flip y]])
  | EDisj a b => with2 a b Disj (fun x y => [[v; flip x]; [v; flip y]; [nv; x; y]])
  | EImpl a b => with2 a b Impl (fun x y => [[v; x]; [v; flip y]; [nv; flip x; y]])
  | EIff a b => with2 a b Iff (fun x y =>
      [[nv; flip x; y]; [nv; x; flip y]; [v; x; y]; [v; flip x; flip y]])
  | EBox a => with1 a (fun n =>
      ({| meaning := Box (meaning n); lit := v; child := lit n |}, [[nv; lit n]]))
  | EDia a => with1 a (fun n =>
      ({| meaning := Dia (meaning n); lit := v; child := lit n |}, [[v; flip (lit n)]]))
  end.

(** Clauses by number, and the next number. *)
Record store : Type := { clauses : trie clause; next : positive }.

Definition push (s : store) (c : clause) : store :=
  {| clauses := put (next s) c (clauses s); next := Pos.succ (next s) |}.

Fixpoint push_all (s : store) (cs : list clause) : store :=
  match cs with [] => s | c :: cs => push_all (push s c) cs end.

(** All nodes, the store with their defining clauses, and the last node. *)
Fixpoint read_table (t : list entry) (i : positive) (nodes : trie node) (s : store)
    (last : option node) : option (trie node * store * node) :=
  match t with
  | [] => match last with Some root => Some (nodes, s, root) | None => None end
  | e :: t =>
      match describe nodes i e with
      | Some (n, cs) => read_table t (Pos.succ i) (put i n nodes) (push_all s cs) (Some n)
      | None => None
      end
  end.

(** ** Checking the steps

    [false] is the set of literals that are false so far. *)
Inductive outcome : Type := Conflict | Unit (l : positive) | Stuck.

Fixpoint only (l : positive) (false : set) (c : clause) : bool :=
  match c with
  | [] => true
  | k :: c => if mem k false then only l false c
              else if Pos.eqb k l then only l false c else Datatypes.false
  end.

Fixpoint propagate (false : set) (c : clause) : outcome :=
  match c with
  | [] => Conflict
  | l :: c => if mem l false then propagate false c
              else if only l false c then Unit l else Stuck
  end.

Fixpoint rup (cs : trie clause) (false : set) (hints : list positive) : bool :=
  match hints with
  | [] => Datatypes.false
  | h :: hints =>
      match get h cs with
      | Some c =>
          match propagate false c with
          | Conflict => true
          | Unit l => rup cs (add (flip l) false) hints
          | Stuck => Datatypes.false
          end
      | None => Datatypes.false
      end
  end.

Fixpoint add_all (c : clause) (s : set) : set :=
  match c with [] => s | l :: c => add_all c (add l s) end.

Definition known (nodes : trie node) (l : positive) : bool :=
  match l with
  | xH => false
  | xO v | xI v => match get v nodes with Some _ => true | None => false end
  end.

(** A literal of [c] whose opposite is in [s]; with [s] the literals of [c], a
    tautology. A step without hints has nothing else to stand on. *)
Fixpoint tautology (nodes : trie node) (s : set) (c : clause) : bool :=
  match c with
  | [] => false
  | l :: c => if mem (flip l) s then if known nodes l then true else tautology nodes s c
              else tautology nodes s c
  end.

Definition is_modal (nodes : trie node) (l : positive) : bool :=
  match l with
  | xH => false
  | xO v | xI v =>
      match get v nodes with
      | Some n => match meaning n with Box _ | Dia _ => true | _ => false end
      | None => false
      end
  end.

(** [c] without [x], provided that the rest is modal. *)
Fixpoint modal_rest (nodes : trie node) (x : positive) (c : clause) : option clause :=
  match c with
  | [] => Some []
  | l :: c =>
      if Pos.eqb l x then modal_rest nodes x c
      else if is_modal nodes l then
        match modal_rest nodes x c with Some r => Some (l :: r) | None => None end
      else None
  end.

(** From [C, g] infer [C, Box g]; from [C, ~g] infer [C, ~ Dia g]. *)
Definition necessitate (nodes : trie node) (c : clause) (v : positive) : option clause :=
  match get v nodes with
  | Some n =>
      let conclude x l :=
        match modal_rest nodes x c with Some r => Some (l :: r) | None => None end in
      match meaning n with
      | Box _ => conclude (child n) (xO v)
      | Dia _ => conclude (flip (child n)) (xI v)
      | _ => None
      end
  | None => None
  end.

Definition derive (nodes : trie node) (cs : trie clause) (s : step) : option clause :=
  match s with
  | Rup c [] => if tautology nodes (add_all c Empty) c then Some c else None
  | Rup c hints => if rup cs (add_all c Empty) hints then Some c else None
  | Nec premise v =>
      match get premise cs with Some c => necessitate nodes c v | None => None end
  end.

(** The last clause, or [None] when a step fails or there is none. *)
Fixpoint run (nodes : trie node) (s : store) (ss : list step) (last : option clause)
  : option clause :=
  match ss with
  | [] => last
  | st :: ss =>
      match derive nodes (clauses s) st with
      | Some c => run nodes (push s c) ss (Some c)
      | None => None
      end
  end.

Fixpoint all_equal (l : positive) (c : clause) : bool :=
  match c with
  | [] => true
  | k :: c => if Pos.eqb k l then all_equal l c else false
  end.

Definition check_proof (f : form) (p : proof) : bool :=
  match read_table (table p) 1 Leaf {| clauses := Leaf; next := 1 |} None with
  | Some (nodes, s, root) =>
      if form_eqb (meaning root) f then
        match run nodes s (steps p) None with
        | Some c => all_equal (lit root) c
        | None => false
        end
      else false
  | None => false
  end.
(** ** Soundness

    Fix a finite universal model. A literal is true at a world when its node is
    there and evaluates so; with more nodes, what is true stays true. *)
Definition truth (nodes : trie node) (m : list valuation) (v : valuation) (l : positive) : bool :=
  match l with
  | xH => false
  | xO i => match get i nodes with Some n => eval m v (meaning n) | None => false end
  | xI i => match get i nodes with Some n => negb (eval m v (meaning n)) | None => false end
  end.

Definition true_clause nodes m v (c : clause) : Prop :=
  exists l, In l c /\ truth nodes m v l = true.

Definition valid_clause nodes (c : clause) : Prop :=
  forall m v, In v m -> true_clause nodes m v c.

(** Literal [l] stands for [f]. *)
Definition denotes nodes (l : positive) (f : form) : Prop :=
  forall m v, truth nodes m v (if eval m v f then l else flip l) = true.

Definition good_node nodes (n : node) : Prop :=
  denotes nodes (lit n) (meaning n)
  /\ match meaning n with Box g | Dia g => denotes nodes (child n) g | _ => True end.

Definition good_nodes (nodes : trie node) : Prop :=
  forall i n, get i nodes = Some n -> good_node nodes n.

Definition good_store nodes (s : store) : Prop :=
  forall i c, get i (clauses s) = Some c -> valid_clause nodes c.

Lemma flip_flip : forall l, flip (flip l) = l.
Proof. intros []; reflexivity. Qed.

Lemma truth_flip : forall nodes m v l,
  truth nodes m v l = true -> truth nodes m v (flip l) = false.
Proof.
  intros nodes m v [ i | i | ]; simpl; try discriminate;
    destruct (get i nodes); try discriminate; destruct (eval _ _ _); auto.
Qed.

Lemma truth_denotes : forall nodes m v l f,
  denotes nodes l f -> truth nodes m v l = eval m v f.
Proof.
  intros nodes m v l f D; specialize (D m v); destruct (eval m v f); [ exact D | ].
  rewrite <- (flip_flip l); apply truth_flip, D.
Qed.

(** *** More nodes *)
Definition extends (nodes nodes' : trie node) : Prop :=
  forall i n, get i nodes = Some n -> get i nodes' = Some n.

Lemma truth_extends : forall nodes nodes', extends nodes nodes' ->
  forall m v l, truth nodes m v l = true -> truth nodes' m v l = true.
Proof.
  intros nodes nodes' X m v [ i | i | ]; simpl; auto;
    destruct (get i nodes) as [ n | ] eqn:E; try discriminate; rewrite (X i n E); auto.
Qed.

Lemma denotes_extends : forall nodes nodes', extends nodes nodes' ->
  forall l f, denotes nodes l f -> denotes nodes' l f.
Proof. intros nodes nodes' X l f D m v; exact (truth_extends _ _ X _ _ _ (D m v)). Qed.

Lemma good_node_extends : forall nodes nodes', extends nodes nodes' ->
  forall n, good_node nodes n -> good_node nodes' n.
Proof.
  intros nodes nodes' X n (D & M); split; [ exact (denotes_extends _ _ X _ _ D) | ].
  destruct (meaning n); trivial; exact (denotes_extends _ _ X _ _ M).
Qed.

Lemma good_store_extends : forall nodes nodes', extends nodes nodes' ->
  forall s, good_store nodes s -> good_store nodes' s.
Proof.
  intros nodes nodes' X s G i c E m v V.
  destruct (G i c E m v V) as (l & I & T); exists l; split;
    [ exact I | exact (truth_extends _ _ X _ _ _ T) ].
Qed.

Lemma good_push : forall nodes s c,
  good_store nodes s -> valid_clause nodes c -> good_store nodes (push s c).
Proof.
  intros nodes s c G V i d; simpl.
  destruct (Pos.eq_dec (next s) i) as [ <- | N ].
  - rewrite get_put_same; intros [= <-]; exact V.
  - rewrite get_put_other by exact N; apply G.
Qed.

Lemma good_push_all : forall nodes cs s,
  good_store nodes s -> Forall (valid_clause nodes) cs -> good_store nodes (push_all s cs).
Proof.
  intros nodes cs; induction cs as [ | c cs IH ]; intros s G F; [ exact G | ].
  inversion F; subst; apply IH; [ apply good_push | ]; assumption.
Qed.

(** *** The table *)
Lemma denotes_new : forall nodes i n,
  get i nodes = Some n -> denotes nodes (xO i) (meaning n).
Proof.
  intros nodes i n E m v; destruct (eval m v (meaning n)) eqn:T; simpl; rewrite E, T; reflexivity.
Qed.

Lemma denotes_flip : forall nodes l f, denotes nodes l f -> denotes nodes (flip l) (Neg f).
Proof.
  intros nodes l f D m v; specialize (D m v); simpl; rewrite flip_flip.
  destruct (eval m v f); exact D.
Qed.

Lemma eval_box : forall m v f, In v m -> eval m v (Box f) = true -> eval m v f = true.
Proof. intros m v f V E; simpl in E; rewrite forallb_forall in E; exact (E v V). Qed.

Lemma eval_dia : forall m v f, In v m -> eval m v f = true -> eval m v (Dia f) = true.
Proof. intros m v f V E; apply existsb_exists; exists v; auto. Qed.

(** Each clause has a literal that the cases of the children's values make true. *)
Ltac pick :=
  match goal with
  | T : truth _ _ _ ?l = true |- true_clause _ _ _ _ =>
      exists l; split; [ simpl; tauto | exact T ]
  end.

Lemma describe_sound : forall nodes i e n cs,
  good_nodes nodes -> get i nodes = None -> describe nodes i e = Some (n, cs) ->
  good_node (put i n nodes) n /\ Forall (valid_clause (put i n nodes)) cs.
Proof.
  intros nodes i e n cs G F E.
  assert (X : extends nodes (put i n nodes)).
  { intros j p J; rewrite get_put_other; [ exact J | congruence ]. }
  assert (N : denotes (put i n nodes) (xO i) (meaning n)) by (apply denotes_new, get_put_same).
  assert (C : forall a p, get a nodes = Some p ->
    denotes (put i n nodes) (lit p) (meaning p)).
  { intros a p A; exact (denotes_extends _ _ X _ _ (proj1 (G a p A))). }
  destruct e as [ p | | a | a b | a b | a b | a b | a | a ]; simpl in E;
    repeat match type of E with
    | match get ?j nodes with _ => _ end = _ =>
        let A := fresh "A" in
        destruct (get j nodes) eqn:A; [ apply C in A | discriminate ]
    end;
    injection E as E <-; subst n; simpl in N;
    set (nodes' := put i _ nodes) in *; clearbody nodes';
    (split; [ split; simpl; auto using denotes_flip | ]);
    repeat constructor; intros m v V;
    repeat match goal with D : denotes _ _ _ |- _ => specialize (D m v) end.
  15: { pose proof (eval_box m v (meaning n0) V) as B;
        destruct (eval m v (Box _)), (eval m v (meaning n0)); cbn [flip] in *;
        try pick; discriminate (B eq_refl). }
  15: { pose proof (eval_dia m v (meaning n0) V) as B;
        destruct (eval m v (Dia _)), (eval m v (meaning n0)); cbn [flip] in *;
        try pick; discriminate (B eq_refl). }
  all: cbn [eval] in N; repeat match type of N with
       | context [ eval ?m ?v ?f ] => destruct (eval m v f)
       end; cbn [flip andb orb implb eqb negb] in *; pick.
Qed.

Lemma read_table_sound : forall t i nodes s last nodes' s' root,
  good_nodes nodes -> (forall j, (i <= j)%positive -> get j nodes = None) ->
  good_store nodes s ->
  match last with Some n => good_node nodes n | None => True end ->
  read_table t i nodes s last = Some (nodes', s', root) ->
  good_nodes nodes' /\ good_store nodes' s' /\ good_node nodes' root.
Proof.
  induction t as [ | e t IH ]; simpl; intros i nodes s last nodes' s' root G F S L E.
  - destruct last; inversion E; subst; auto.
  - destruct (describe nodes i e) as [ [n cs] | ] eqn:D; [ | discriminate ].
    assert (I : get i nodes = None) by apply F, Pos.le_refl.
    destruct (describe_sound _ _ _ _ _ G I D) as (N & C).
    assert (X : extends nodes (put i n nodes)).
    { intros j p J; rewrite get_put_other; [ exact J | congruence ]. }
    apply (IH _ _ _ _ _ _ _) in E; trivial.
    + intros j p; destruct (Pos.eq_dec i j) as [ <- | O ].
      * rewrite get_put_same; intros [= <-]; exact N.
      * rewrite get_put_other by exact O; intros J; exact (good_node_extends _ _ X _ (G j p J)).
    + intros j J; apply Pos.le_succ_l in J; rewrite get_put_other.
      * apply F, Pos.lt_le_incl, J.
      * intros <-; exact (Pos.lt_irrefl _ J).
    + apply good_push_all; [ exact (good_store_extends _ _ X _ S) | exact C ].
Qed.

(** *** Unit propagation *)
Definition falsified nodes m v (s : set) : Prop :=
  forall l, mem l s = true -> truth nodes m v l = false.

Lemma falsified_add : forall nodes m v l s,
  truth nodes m v l = false -> falsified nodes m v s -> falsified nodes m v (add l s).
Proof. intros nodes m v l s T F k K; apply mem_add in K as [ -> | K ]; auto. Qed.

Lemma only_sound : forall nodes m v l s c, falsified nodes m v s ->
  only l s c = true -> true_clause nodes m v c -> truth nodes m v l = true.
Proof.
  intros nodes m v l s c F; induction c as [ | k c IH ]; simpl; intros O (j & J & T).
  - contradiction.
  - destruct (mem k s) eqn:M.
    + destruct J as [ -> | J ]; [ rewrite (F j M) in T; discriminate | ].
      apply (IH O); exists j; auto.
    + destruct (Pos.eqb_spec k l) as [ -> | ]; [ | discriminate ].
      destruct J as [ -> | J ]; [ exact T | ].
      apply (IH O); exists j; auto.
Qed.

Lemma propagate_sound : forall nodes m v s c, falsified nodes m v s ->
  true_clause nodes m v c ->
  match propagate s c with
  | Conflict => False
  | Unit l => truth nodes m v l = true
  | Stuck => True
  end.
Proof.
  intros nodes m v s c F; induction c as [ | k c IH ]; simpl; intros (j & J & T).
  - contradiction.
  - destruct (mem k s) eqn:M.
    + apply IH; destruct J as [ -> | J ]; [ rewrite (F j M) in T; discriminate | ].
      exists j; auto.
    + destruct (only k s c) eqn:O; trivial.
      destruct J as [ -> | J ]; [ exact T | ].
      apply (only_sound nodes m v k s c F O); exists j; auto.
Qed.

Lemma rup_sound : forall nodes m v s hints f, In v m -> good_store nodes s ->
  falsified nodes m v f -> rup (clauses s) f hints = false.
Proof.
  intros nodes m v s hints; induction hints as [ | h hints IH ]; simpl; intros f V G F;
    [ reflexivity | ].
  destruct (get h (clauses s)) as [ c | ] eqn:E; [ | reflexivity ].
  pose proof (propagate_sound nodes m v f c F (G h c E m v V)) as P.
  destruct (propagate f c) as [ | l | ]; [ contradiction | | reflexivity ].
  apply IH; trivial.
  apply falsified_add; [ apply truth_flip, P | exact F ].
Qed.

Lemma falsified_add_all : forall nodes m v c s, falsified nodes m v s ->
  (forall l, In l c -> truth nodes m v l = false) -> falsified nodes m v (add_all c s).
Proof.
  intros nodes m v c; induction c as [ | l c IH ]; simpl; intros s F A; [ exact F | ].
  apply IH; [ apply falsified_add | ]; auto.
Qed.

(** *** Necessitation *)
Lemma true_clause_dec : forall nodes m v c,
  true_clause nodes m v c \/ forall l, In l c -> truth nodes m v l = false.
Proof.
  intros nodes m v c; induction c as [ | l c IH ]; [ right; intros l [] | ].
  destruct (truth nodes m v l) eqn:T; [ left; exists l; simpl; auto | ].
  destruct IH as [ (k & K & E) | A ]; [ left; exists k; simpl; auto | right ].
  intros k [ <- | K ]; auto.
Qed.

(** A modal literal has the same value at each world. *)
Lemma truth_modal : forall nodes l m u v,
  is_modal nodes l = true -> truth nodes m u l = truth nodes m v l.
Proof.
  intros nodes [ i | i | ] m u v; simpl; try discriminate;
    destruct (get i nodes) as [ n | ]; try discriminate;
    destruct (meaning n); try discriminate; reflexivity.
Qed.

Lemma modal_rest_sound : forall nodes x c r, modal_rest nodes x c = Some r ->
  forall l, In l c -> l = x \/ In l r /\ is_modal nodes l = true.
Proof.
  intros nodes x c; induction c as [ | k c IH ]; simpl; intros r E l L; [ contradiction | ].
  destruct (Pos.eqb_spec k x) as [ -> | ].
  - destruct L as [ -> | L ]; auto.
  - destruct (is_modal nodes k) eqn:M; [ | discriminate ].
    destruct (modal_rest nodes x c) as [ q | ]; [ | discriminate ].
    injection E as <-; destruct L as [ -> | L ]; [ simpl; auto | ].
    destruct (IH q eq_refl l L) as [ | (Q & O) ]; simpl; auto.
Qed.

(** Where the rest is false, [x] is true at every world. *)
Lemma modal_rest_true : forall nodes x c r m v,
  valid_clause nodes c -> modal_rest nodes x c = Some r ->
  true_clause nodes m v r \/ forall u, In u m -> truth nodes m u x = true.
Proof.
  intros nodes x c r m v V E.
  destruct (true_clause_dec nodes m v r) as [ T | F ]; [ left; exact T | right ].
  intros u U; destruct (V m u U) as (l & L & T).
  destruct (modal_rest_sound _ _ _ _ E l L) as [ <- | (R & M) ]; [ exact T | ].
  rewrite (truth_modal nodes l m u v M), (F l R) in T; discriminate.
Qed.

Lemma necessitate_sound : forall nodes c v d, good_nodes nodes ->
  valid_clause nodes c -> necessitate nodes c v = Some d -> valid_clause nodes d.
Proof.
  intros nodes c i d G V E m v U; unfold necessitate in E.
  destruct (get i nodes) as [ n | ] eqn:N; [ | discriminate ].
  pose proof (proj2 (G i n N)) as D.
  destruct (meaning n) as [ | | | | | | | g | g ] eqn:M; try discriminate.
  - destruct (modal_rest nodes (child n) c) as [ r | ] eqn:R; [ | discriminate ].
    injection E as <-.
    destruct (modal_rest_true _ _ _ _ m v V R) as [ (l & L & T) | A ];
      [ exists l; simpl; auto | ].
    exists (xO i); split; [ simpl; auto | ].
    simpl; rewrite N, M; apply forallb_forall; intros u I.
    exact (eq_trans (eq_sym (truth_denotes nodes m u (child n) g D)) (A u I)).
  - destruct (modal_rest nodes (flip (child n)) c) as [ r | ] eqn:R; [ | discriminate ].
    injection E as <-.
    destruct (modal_rest_true _ _ _ _ m v V R) as [ (l & L & T) | A ];
      [ exists l; simpl; auto | ].
    exists (xI i); split; [ simpl; auto | ].
    simpl; rewrite N, M; apply negb_true_iff, not_true_iff_false; intros H.
    apply existsb_exists in H as (u & I & H).
    pose proof (truth_flip _ _ _ _ (A u I)) as T.
    rewrite flip_flip, (truth_denotes nodes m u (child n) g D) in T.
    change (eval m u g = true) in H; congruence.
Qed.

(** *** The whole certificate *)
Lemma truth_either : forall nodes m v l, known nodes l = true ->
  truth nodes m v l = false -> truth nodes m v (flip l) = true.
Proof.
  intros nodes m v [ i | i | ]; simpl; try discriminate;
    destruct (get i nodes); try discriminate; destruct (eval _ _ _); auto.
Qed.

Lemma tautology_sound : forall nodes m v s c, falsified nodes m v s ->
  (forall l, In l c -> truth nodes m v l = false) -> tautology nodes s c = false.
Proof.
  intros nodes m v s c F; induction c as [ | l c IH ]; simpl; intros A; [ reflexivity | ].
  destruct (mem (flip l) s) eqn:M; [ | auto ].
  destruct (known nodes l) eqn:K; [ | auto ].
  apply F in M; rewrite (truth_either nodes m v l K (A l (or_introl eq_refl))) in M.
  discriminate M.
Qed.

Lemma derive_sound : forall nodes s st c, good_nodes nodes -> good_store nodes s ->
  derive nodes (clauses s) st = Some c -> valid_clause nodes c.
Proof.
  intros nodes s [ d hints | premise i ] c G S; simpl.
  - intros E.
    enough (d = c /\ forall m v, In v m -> true_clause nodes m v d) as [ <- V ] by exact V.
    assert (N : forall m v, (forall l, In l d -> truth nodes m v l = false) ->
                falsified nodes m v (add_all d Empty)).
    { intros m v F; apply falsified_add_all; [ | exact F ]; intros l M; discriminate M. }
    destruct hints as [ | h hints ].
    + destruct (tautology nodes (add_all d Empty) d) eqn:T; [ | discriminate E ].
      injection E as E; split; [ exact E | ].
      intros m v V; destruct (true_clause_dec nodes m v d) as [ D | F ]; [ exact D | ].
      rewrite (tautology_sound nodes m v) in T; auto; discriminate T.
    + destruct (rup (clauses s) (add_all d Empty) (h :: hints)) eqn:R; [ | discriminate E ].
      injection E as E; split; [ exact E | ].
      intros m v V; destruct (true_clause_dec nodes m v d) as [ D | F ]; [ exact D | ].
      rewrite (rup_sound nodes m v) in R; auto; discriminate R.
  - destruct (get premise (clauses s)) as [ d | ] eqn:D; [ | discriminate ].
    intros E; exact (necessitate_sound nodes d i c G (S premise d D) E).
Qed.

Lemma run_sound : forall nodes ss s last c, good_nodes nodes -> good_store nodes s ->
  match last with Some d => valid_clause nodes d | None => True end ->
  run nodes s ss last = Some c -> valid_clause nodes c.
Proof.
  intros nodes ss; induction ss as [ | st ss IH ]; simpl; intros s last c G S L E.
  - subst last; exact L.
  - destruct (derive nodes (clauses s) st) as [ d | ] eqn:D; [ | discriminate ].
    pose proof (derive_sound _ _ _ _ G S D) as V.
    exact (IH (push s d) (Some d) c G (good_push _ _ _ S V) V E).
Qed.

Lemma all_equal_true : forall l c, all_equal l c = true -> forall k, In k c -> k = l.
Proof.
  intros l c; induction c as [ | j c IH ]; simpl; intros E k K; [ contradiction | ].
  destruct (Pos.eqb_spec j l) as [ -> | ]; [ | discriminate ].
  destruct K as [ <- | K ]; auto.
Qed.

Theorem check_proof_sound : forall f p, check_proof f p = true -> Prov f.
Proof.
  intros f p C; apply completeness; intros m v V; unfold check_proof in C.
  destruct (read_table _ _ _ _ _) as [ [ [nodes s] root ] | ] eqn:R; [ | discriminate ].
  destruct (form_eqb (meaning root) f) eqn:E; [ | discriminate ].
  destruct (run nodes s (steps p) None) as [ c | ] eqn:S; [ | discriminate ].
  apply form_eqb_true in E; subst f.
  apply read_table_sound in R as (G & D & N);
    try (intros j n; discriminate); try reflexivity; trivial.
  destruct (run_sound nodes (steps p) s None c G D I S m v V) as (l & L & T).
  rewrite (all_equal_true _ _ C l L), (truth_denotes nodes m v _ _ (proj1 N)) in T; exact T.
Qed.
