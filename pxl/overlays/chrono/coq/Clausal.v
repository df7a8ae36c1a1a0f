(** * Certificates of validity: clausal proofs over time

    A certificate is a table of formulas and a list of steps, each of which
    derives a clause that is true at every position of the run: by unit
    propagation, by reading an earlier clause one position later, or by induction
    along the run. One that passes [check_proof] makes the goal valid, over
    infinite time or over finite runs. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLChrono Require Import Syntax Semantics.
Import ListNotations.

(** ** What a certificate is

    Nodes are numbered from 1 in table order, and a node names earlier ones. The
    literal [v~0] says that node [v] is true, [v~1] that it is false. The table
    begins with the six nodes of [header], which no certificate writes. Clauses
    are numbered from 1: the defining clauses of the header, the clause that says
    how time ends, the defining clauses of the other nodes, then one for each
    step. *)
Inductive entry : Type :=
| EAtom (p : positive)
| EBot
| ENeg (a : positive)
| EConj (a b : positive)
| EDisj (a b : positive)
| EImpl (a b : positive)
| EIff (a b : positive)
| ENext (a : positive)
| EUntil (a b : positive)
| EPrev (a : positive)
| ESince (a b : positive).

Definition clause : Type := list positive.

(** [Succ premise c]: literal by literal, [c] says of a position what the premise
    says of the next. [Induct i v x stop go]: [i] rules out the until [v], since
    it rules out its end ([stop]) and hands itself on ([go]: [x] says of a
    position that [i] is true at the next). *)
Inductive step : Type :=
| Rup (c : clause) (hints : list positive)
| Succ (premise : positive) (c : clause)
| Induct (i v x stop go : positive).

Record proof : Type := { table : list entry; root : positive; steps : list step }.

Definition header : list entry := [EBot; ENeg 1; ENext 2; EPrev 2; ENeg 3; EUntil 2 5].

Definition has_next : positive := 3.
Definition has_prev : positive := 4.
Definition has_last : positive := 6.

(** ** Reading the table

    What is known of a node: its formula and its literal, and what the rules
    ask: the literals of its children. *)
Inductive node : Type :=
| Plain (f : kform) (l : positive)
| Nexted (f : kform) (l x : positive)
| Preved (f : kform) (l x : positive)
| Untiled (f g : kform) (l x y : positive)
| Sinced (f g : kform) (l x y : positive).

Definition meaning (n : node) : kform :=
  match n with
  | Plain f _ => f
  | Nexted f _ _ => KNext f
  | Preved f _ _ => KPrev f
  | Untiled f g _ _ _ => KUntil f g
  | Sinced f g _ _ _ => KSince f g
  end.

Definition lit (n : node) : positive :=
  match n with
  | Plain _ l | Nexted _ l _ | Preved _ l _ | Untiled _ _ l _ _ | Sinced _ _ l _ _ => l
  end.

Definition flip (l : positive) : positive :=
  match l with xO v => xI v | xI v => xO v | xH => xH end.

(** A finite map has [None] for what is not there. *)
Definition map (A : Type) : Type := trie (option A).

Definition unary (nodes : map node) (a : positive) (k : node -> node * list clause)
  : option (node * list clause) :=
  match get None a nodes with Some n => Some (k n) | None => None end.

Definition binary (nodes : map node) (a b : positive)
    (k : node -> node -> node * list clause) : option (node * list clause) :=
  match get None a nodes with
  | Some n => match get None b nodes with Some m => Some (k n m) | None => None end
  | None => None
  end.

Definition conj_clauses (i x y : positive) : list clause :=
  [[xI i; x]; [xI i; y]; [xO i; flip x; flip y]].
Definition disj_clauses (i x y : positive) : list clause :=
  [[xO i; flip x]; [xO i; flip y]; [xI i; x; y]].
Definition impl_clauses (i x y : positive) : list clause :=
  [[xO i; x]; [xO i; flip y]; [xI i; flip x; y]].
Definition iff_clauses (i x y : positive) : list clause :=
  [[xI i; flip x; y]; [xI i; x; flip y]; [xO i; x; y]; [xO i; flip x; flip y]].

(** Of an until and a since: the end makes it true, and it needs one of both. *)
Definition reach_clauses (i x y : positive) : list clause :=
  [[xO i; flip y]; [xI i; x; y]].

(** Of a next or previous node [i]: that there is such a position; and when it is
    that of an until or since [l], how [l] unfolds. *)
Definition shift_clauses (i exists_ : positive) : list clause := [[xI i; xO exists_]].
Definition unfold_clauses (i exists_ l x y : positive) : list clause :=
  [[xI i; xO exists_]; [flip l; y; xO i]; [l; flip x; xI i]].

(** What an entry adds as node [i]: the node and its defining clauses. A negation
    has none, since its literal is its child's, flipped. *)
Definition neg_node (n : node) : node * list clause :=
  (Plain (KNeg (meaning n)) (flip (lit n)), []).

Definition plain_node (i : positive) (op : kform -> kform -> kform)
    (k : positive -> positive -> positive -> list clause) (n m : node) : node * list clause :=
  (Plain (op (meaning n) (meaning m)) (xO i), k i (lit n) (lit m)).

Definition next_node (i : positive) (n : node) : node * list clause :=
  (Nexted (meaning n) (xO i) (lit n),
   match n with
   | Untiled _ _ l x y => unfold_clauses i has_next l x y
   | _ => shift_clauses i has_next
   end).

Definition prev_node (i : positive) (n : node) : node * list clause :=
  (Preved (meaning n) (xO i) (lit n),
   match n with
   | Sinced _ _ l x y => unfold_clauses i has_prev l x y
   | _ => shift_clauses i has_prev
   end).

Definition until_node (i : positive) (n m : node) : node * list clause :=
  (Untiled (meaning n) (meaning m) (xO i) (lit n) (lit m), reach_clauses i (lit n) (lit m)).

Definition since_node (i : positive) (n m : node) : node * list clause :=
  (Sinced (meaning n) (meaning m) (xO i) (lit n) (lit m), reach_clauses i (lit n) (lit m)).

Definition describe (nodes : map node) (i : positive) (e : entry)
  : option (node * list clause) :=
  match e with
  | EAtom p => Some (Plain (KAtom p) (xO i), [])
  | EBot => Some (Plain KBot (xO i), [[xI i]])
  | ENeg a => unary nodes a neg_node
  | EConj a b => binary nodes a b (plain_node i KConj conj_clauses)
  | EDisj a b => binary nodes a b (plain_node i KDisj disj_clauses)
  | EImpl a b => binary nodes a b (plain_node i KImpl impl_clauses)
  | EIff a b => binary nodes a b (plain_node i KIff iff_clauses)
  | ENext a => unary nodes a (next_node i)
  | EPrev a => unary nodes a (prev_node i)
  | EUntil a b => binary nodes a b (until_node i)
  | ESince a b => binary nodes a b (since_node i)
  end.

(** Clauses by number, and the next number. *)
Record store : Type := { clauses : map clause; next : positive }.

Definition push (s : store) (c : clause) : store :=
  {| clauses := put None (next s) (Some c) (clauses s); next := Pos.succ (next s) |}.

Fixpoint push_all (s : store) (cs : list clause) : store :=
  match cs with [] => s | c :: cs => push_all (push s c) cs end.

(** No node is there before its turn; to test that spares a proof about numbers. *)
Fixpoint read_table (t : list entry) (i : positive) (nodes : map node) (s : store)
  : option (map node * store) :=
  match t with
  | [] => Some (nodes, s)
  | e :: t =>
      match get None i nodes with
      | None =>
          match describe nodes i e with
          | Some (n, cs) => read_table t (Pos.succ i) (put None i (Some n) nodes) (push_all s cs)
          | None => None
          end
      | Some _ => None
      end
  end.

(** Time that never ends has a next position everywhere; time that ends, a last
    position ahead. *)
Definition time_clause (finite : bool) : clause :=
  [xO (if finite then has_last else has_next)].

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

Fixpoint rup (cs : map clause) (false : set) (hints : list positive) : bool :=
  match hints with
  | [] => Datatypes.false
  | h :: hints =>
      match get None h cs with
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

(** Whether [c] has a literal and its flip; [seen]: the literals passed. *)
Fixpoint tautology (c : clause) (seen : set) : bool :=
  match c with
  | [] => false
  | l :: c =>
      if match l with xO v => mem (xI v) seen | xI v => mem (xO v) seen | xH => false end
      then true else tautology c (add l seen)
  end.

(** The literals of the children of a next, previous or until node. *)
Definition next_child (nodes : map node) (v : positive) : option positive :=
  match get None v nodes with Some (Nexted _ _ x) => Some x | _ => None end.
Definition prev_child (nodes : map node) (v : positive) : option positive :=
  match get None v nodes with Some (Preved _ _ x) => Some x | _ => None end.
Definition until_children (nodes : map node) (v : positive) : option (positive * positive) :=
  match get None v nodes with Some (Untiled _ _ _ x y) => Some (x, y) | _ => None end.

(** What the literal [l] says of a node's child [x], of which the node says
    something positive. *)
Definition of_child (l : positive) (o : option positive) : option positive :=
  match o with
  | Some x => match l with xO _ => Some x | xI _ => Some (flip x) | xH => None end
  | None => None
  end.

Definition node_of (l : positive) : positive := match l with xO v | xI v => v | xH => xH end.

Definition same (o : option positive) (x : positive) : bool :=
  match o with Some y => Pos.eqb y x | None => false end.

(** [l] says of a position what [x] says of the next: it is next [x], or [x] is
    previous [l]. *)
Definition next_of (nodes : map node) (x l : positive) : bool :=
  same (of_child l (next_child nodes (node_of l))) x.

Definition prev_of (nodes : map node) (x l : positive) : bool :=
  same (of_child x (prev_child nodes (node_of x))) l.

Definition later (nodes : map node) (x l : positive) : bool :=
  if next_of nodes x l then true else prev_of nodes x l.

(** The result of the successor rule: [d], and that there is no next position. *)
Fixpoint successor (nodes : map node) (finite : bool) (c d : clause) : option clause :=
  match c, d with
  | [], [] => Some (if finite then [xI has_next] else [])
  | x :: c, l :: d =>
      if later nodes x l then
        match successor nodes finite c d with Some r => Some (l :: r) | None => None end
      else None
  | _, _ => None
  end.

Fixpoint one_of (l : positive) (c : clause) : bool :=
  match c with [] => false | k :: c => if Pos.eqb l k then true else one_of l c end.

Fixpoint within (c d : clause) : bool :=
  match c with [] => true | l :: c => if one_of l d then within c d else false end.

Definition induct (nodes : map node) (cs : map clause) (i v x stop go : positive)
  : option clause :=
  match until_children nodes v with
  | Some (a, b) =>
      match get None stop cs with
      | Some c =>
          match get None go cs with
          | Some d =>
              if later nodes (flip i) (flip x) then
                if if within c [flip i; flip b] then
                     within d [flip i; flip a; xI has_next; x]
                   else false
                then Some [flip i; xI v] else None
              else None
          | None => None
          end
      | None => None
      end
  | None => None
  end.

(** A clause without hints must be a tautology: it has nothing else to stand on. *)
Definition derive (finite : bool) (nodes : map node) (cs : map clause) (s : step)
  : option clause :=
  match s with
  | Rup c [] => if tautology c Leaf then Some c else None
  | Rup c hints => if rup cs (add_all c Leaf) hints then Some c else None
  | Succ premise d =>
      match get None premise cs with Some c => successor nodes finite c d | None => None end
  | Induct i v x stop go => induct nodes cs i v x stop go
  end.

(** The last clause, or [None] when a step fails or there is none. *)
Fixpoint run_steps (finite : bool) (nodes : map node) (s : store) (ss : list step)
    (last : option clause) : option clause :=
  match ss with
  | [] => last
  | st :: ss =>
      match derive finite nodes (clauses s) st with
      | Some c => run_steps finite nodes (push s c) ss (Some c)
      | None => None
      end
  end.

Definition means (nodes : map node) (v : positive) (f : kform) : bool :=
  match get None v nodes with Some n => kform_eqb (meaning n) f | None => false end.

(** Whether the steps derive that the root is true or there is a position before:
    then it is true at the first one. *)
Definition check_steps (finite : bool) (nodes : map node) (s : store) (root : node)
    (ss : list step) : bool :=
  match run_steps finite nodes s ss None with
  | Some c => within c [xO has_prev; lit root]
  | None => false
  end.

Definition read_all (finite : bool) (t : list entry) : option (map node * store) :=
  match read_table header 1 Leaf {| clauses := Leaf; next := 1 |} with
  | Some (nodes, s) => read_table t 7 nodes (push s (time_clause finite))
  | None => None
  end.

(** The header is there, as it is: to test that too spares a proof. *)
Definition knows_header (nodes : map node) : bool :=
  if means nodes has_next (KNext top) then
    if means nodes has_prev (KPrev top) then
      means nodes has_last (KUntil top (KNeg (KNext top)))
    else false
  else false.

Definition check_proof (finite : bool) (f : tform) (p : proof) : bool :=
  match read_all finite (table p) with
  | Some (nodes, s) =>
      match get None (root p) nodes with
      | Some n =>
          if knows_header nodes then
            if kform_eqb (meaning n) (core f) then check_steps finite nodes s n (steps p)
            else false
          else false
      | None => false
      end
  | None => false
  end.

(** ** Soundness

    A clause is valid in a run when at each of its positions the literals are not
    all false. [den] gives each node its formula, and [deny l t] says that [l] is
    false at position [t]. *)
Definition given {A} (P : A -> Prop) (o : option A) : Prop :=
  match o with Some x => P x | None => True end.

Definition fits (finite : bool) (r : run) : Prop :=
  if finite then exists n, last r = Some n else last r = None.

Lemma flip_flip : forall l, flip (flip l) = l.
Proof. intros [ v | v | ]; exact eq_refl. Qed.

Section Soundness.
Variables (r : run) (finite : bool) (den : positive -> kform).
Hypotheses (D : cdecided r) (F : fits finite r)
  (next_is : den has_next = KNext top)
  (prev_is : den has_prev = KPrev top)
  (last_is : den has_last = KUntil top (KNeg (KNext top))).

Definition deny (l : positive) (t : nat) : Prop :=
  match l with xO v => ~ csat r t (den v) | xI v => csat r t (den v) | xH => True end.

Fixpoint clash (c : clause) (t : nat) : Prop :=
  match c with [] => False | l :: c => deny l t -> clash c t end.

Definition valid (c : clause) : Prop := forall t, inside r t -> clash c t.

(** [defines cs P]: [P], if the clauses [cs] are valid. *)
Fixpoint defines (cs : list clause) (P : Prop) : Prop :=
  match cs with [] => P | c :: cs => valid c -> defines cs P end.

(** What cannot be false is true. *)
Lemma reject : forall l t, ~ deny l t -> deny (flip l) t.
Proof using D.
  intros [ v | v | ] t X; [ exact X | exact (stable _ (D t (den v)) X) | destruct (X I) ].
Qed.

Lemma accept : forall l t, ~ deny (flip l) t -> deny l t.
Proof using D.
  intros l t X; generalize (reject (flip l) t X); rewrite flip_flip; exact (fun Y => Y).
Qed.

(** The literal [l] stands for [f]. *)
Definition denotes (l : positive) (f : kform) : Prop :=
  forall t, (deny l t -> ~ csat r t f) /\ (deny (flip l) t -> csat r t f).

Lemma denotes_node : forall i f, den i = f -> denotes (xO i) f.
Proof using Type. intros i f [] t; exact (conj (fun X => X) (fun X => X)). Qed.

Lemma no : forall {l f}, denotes l f -> forall t, deny l t -> ~ csat r t f.
Proof using Type. exact (fun l f H t => proj1 (H t)). Qed.

Lemma yes : forall {l f}, denotes l f -> forall t, deny (flip l) t -> csat r t f.
Proof using Type. exact (fun l f H t => proj2 (H t)). Qed.

Lemma denotes_flip : forall l f, denotes l f -> denotes (flip l) (KNeg f).
Proof using Type.
  intros l f H t; rewrite flip_flip.
  exact (conj (fun X Z => Z (yes H t X)) (no H t)).
Qed.

(** *** The table *)
Definition good (n : node) : Prop :=
  denotes (lit n) (meaning n) /\
  match n with
  | Plain _ _ => True
  | Nexted f _ x | Preved f _ x => denotes x f
  | Untiled f g _ x y | Sinced f g _ x y => denotes x f /\ denotes y g
  end.

Definition agrees (nodes : map node) : Prop :=
  forall i, given (fun n => den i = meaning n) (get None i nodes).

Definition good_nodes (nodes : map node) : Prop :=
  forall i, given good (get None i nodes).

Definition good_clauses (cs : map clause) : Prop := forall i, given valid (get None i cs).

(** What [describe] says of node [i] is right. *)
Definition described (i : positive) (o : option (node * list clause)) : Prop :=
  match o with
  | Some (n, cs) => den i = meaning n -> good n /\ forall P, defines cs P -> P
  | None => True
  end.

Lemma unary_described : forall nodes i a k, good_nodes nodes ->
  (forall n, good n -> described i (Some (k n))) -> described i (unary nodes a k).
Proof using Type.
  intros nodes i a k G K; unfold unary; generalize (G a).
  destruct (get None a nodes) as [ n | ]; [ exact (K n) | exact (fun X => X) ].
Qed.

Lemma binary_described : forall nodes i a b k, good_nodes nodes ->
  (forall n m, good n -> good m -> described i (Some (k n m))) ->
  described i (binary nodes a b k).
Proof using Type.
  intros nodes i a b k G K; unfold binary; generalize (G a), (G b).
  destruct (get None a nodes) as [ n | ]; [ | exact (fun _ _ => I) ].
  destruct (get None b nodes) as [ m | ]; [ exact (K n m) | exact (fun _ _ => I) ].
Qed.

Lemma plain_described : forall nodes i op k a b, good_nodes nodes ->
  (forall f g x y, denotes (xO i) (op f g) -> denotes x f -> denotes y g ->
    forall P, defines (k i x y) P -> P) ->
  described i (binary nodes a b (plain_node i op k)).
Proof using Type.
  intros nodes i op k a b G K; apply (binary_described nodes i a b _ G); intros n m N M E.
  set (V := denotes_node _ _ E).
  exact (conj (conj V I) (K _ _ _ _ V (proj1 N) (proj1 M))).
Qed.

Lemma conj_sound : forall i f g x y, denotes (xO i) (KConj f g) -> denotes x f -> denotes y g ->
  forall P, defines (conj_clauses i x y) P -> P.
Proof using Type.
  intros i f g x y V X Y P K; exact (K
    (fun t _ v d => no X t d (proj1 (out (yes V t v))))
    (fun t _ v d => no Y t d (proj2 (out (yes V t v))))
    (fun t _ v d e => no V t v (into (f := KConj f g) (conj (yes X t d) (yes Y t e))))).
Qed.

Lemma disj_sound : forall i f g x y, denotes (xO i) (KDisj f g) -> denotes x f -> denotes y g ->
  forall P, defines (disj_clauses i x y) P -> P.
Proof using Type.
  intros i f g x y V X Y P K; exact (K
    (fun t _ v d => no V t v (into (f := KDisj f g) (or_introl (yes X t d))))
    (fun t _ v d => no V t v (into (f := KDisj f g) (or_intror (yes Y t d))))
    (fun t _ v d e => or_ind (no X t d) (no Y t e) (out (yes V t v)))).
Qed.

Lemma impl_sound : forall i f g x y, denotes (xO i) (KImpl f g) -> denotes x f -> denotes y g ->
  forall P, defines (impl_clauses i x y) P -> P.
Proof using Type.
  intros i f g x y V X Y P K; exact (K
    (fun t _ v d => no V t v (into (f := KImpl f g) (fun c => False_ind _ (no X t d c))))
    (fun t _ v d => no V t v (into (f := KImpl f g) (fun _ => yes Y t d)))
    (fun t _ v d e => no Y t e (out (yes V t v) (yes X t d)))).
Qed.

Lemma iff_sound : forall i f g x y, denotes (xO i) (KIff f g) -> denotes x f -> denotes y g ->
  forall P, defines (iff_clauses i x y) P -> P.
Proof using Type.
  intros i f g x y V X Y P K; exact (K
    (fun t _ v d e => no Y t e (proj1 (out (yes V t v)) (yes X t d)))
    (fun t _ v d e => no X t d (proj2 (out (yes V t v)) (yes Y t e)))
    (fun t _ v d e => no V t v (into (f := KIff f g)
      (conj (fun c => False_ind _ (no X t d c)) (fun c => False_ind _ (no Y t e c)))))
    (fun t _ v d e => no V t v (into (f := KIff f g)
      (conj (fun _ => yes Y t e) (fun _ => yes X t d))))).
Qed.

(** How until and since unfold. *)
Lemma reach_inside : forall A B d t, reach A (fun j => inside r j /\ B j) d t -> inside r t.
Proof using Type.
  intros A B d; induction d as [ | d IH ]; intros t R; [ exact (proj1 R) | ].
  exact (inside_before r _ _ (le_S _ _ (le_n t)) (IH _ (proj2 R))).
Qed.

Lemma until_parts : forall f g t, csat r t (KUntil f g) ->
  inside r t /\ csat r t g \/ csat r t f /\ parts r t (KNext (KUntil f g)).
Proof using Type.
  intros f g t X; destruct (out X) as [ [ | d ] R ]; [ left; exact R | right ].
  exact (conj (proj1 R) (conj (reach_inside _ _ d _ (proj2 R))
    (into (f := KUntil f g) (ex_intro _ d (proj2 R))))).
Qed.

Lemma until_now : forall f g t, inside r t -> csat r t g -> csat r t (KUntil f g).
Proof using Type.
  exact (fun f g t T Y => into (f := KUntil f g) (ex_intro _ 0 (conj T Y))).
Qed.

Lemma until_either : forall f g t, ~ csat r t f -> ~ csat r t g -> ~ csat r t (KUntil f g).
Proof using Type.
  exact (fun f g t N O X =>
    or_ind (fun Y => O (proj2 Y)) (fun Y => N (proj1 Y)) (until_parts f g t X)).
Qed.

Lemma until_next : forall f g t, ~ csat r t g -> csat r t (KUntil f g) ->
  csat r t (KNext (KUntil f g)).
Proof using Type.
  exact (fun f g t O X => into (or_ind (fun Y => False_ind _ (O (proj2 Y))) (fun Y => proj2 Y)
    (until_parts f g t X))).
Qed.

Lemma until_more : forall f g t, csat r t f -> csat r t (KNext (KUntil f g)) ->
  csat r t (KUntil f g).
Proof using Type.
  intros f g t X Y; destruct (out (proj2 (out Y))) as [ d R ].
  exact (into (f := KUntil f g) (ex_intro _ (S d) (conj X R))).
Qed.

Lemma since_parts : forall f g t, csat r t (KSince f g) <->
  csat r t g \/ csat r t f /\ csat r t (KPrev (KSince f g)).
Proof using Type. exact (fun f g => since_step (fun j => csat r j f) (fun j => csat r j g)). Qed.

Lemma since_now : forall f g t, csat r t g -> csat r t (KSince f g).
Proof using Type. exact (fun f g t Y => proj2 (since_parts f g t) (or_introl Y)). Qed.

Lemma since_either : forall f g t, ~ csat r t f -> ~ csat r t g -> ~ csat r t (KSince f g).
Proof using Type.
  exact (fun f g t N O X => or_ind O (fun Y => N (proj1 Y)) (proj1 (since_parts f g t) X)).
Qed.

Lemma since_prev : forall f g t, ~ csat r t g -> csat r t (KSince f g) ->
  csat r t (KPrev (KSince f g)).
Proof using Type.
  exact (fun f g t O X =>
    or_ind (fun Y => False_ind _ (O Y)) (fun Y => proj2 Y) (proj1 (since_parts f g t) X)).
Qed.

Lemma since_more : forall f g t, csat r t f -> csat r t (KPrev (KSince f g)) ->
  csat r t (KSince f g).
Proof using Type. exact (fun f g t X Y => proj2 (since_parts f g t) (or_intror (conj X Y))). Qed.

Lemma until_sound : forall i f g x y, denotes (xO i) (KUntil f g) -> denotes x f -> denotes y g ->
  forall P, defines (reach_clauses i x y) P -> P.
Proof using Type.
  intros i f g x y V X Y P K; exact (K
    (fun t T v d => no V t v (until_now f g t T (yes Y t d)))
    (fun t _ v d e => until_either f g t (no X t d) (no Y t e) (yes V t v))).
Qed.

Lemma since_sound : forall i f g x y, denotes (xO i) (KSince f g) -> denotes x f -> denotes y g ->
  forall P, defines (reach_clauses i x y) P -> P.
Proof using Type.
  intros i f g x y V X Y P K; exact (K
    (fun t T v d => no V t v (since_now f g t (yes Y t d)))
    (fun t _ v d e => since_either f g t (no X t d) (no Y t e) (yes V t v))).
Qed.

Lemma next_shift : forall i f, denotes (xO i) (KNext f) -> valid [xI i; xO has_next].
Proof using next_is.
  exact (fun i f V t _ v n => no (denotes_node _ _ next_is) t n
    (into (f := KNext top) (conj (proj1 (out (yes V t v))) (fun X => X)))).
Qed.

Lemma prev_top : forall f t, csat r t (KPrev f) -> csat r t (KPrev top).
Proof using Type. intros f [ | t ]; [ exact (fun X => X) | exact (fun _ X => X) ]. Qed.

Lemma prev_shift : forall i f, denotes (xO i) (KPrev f) -> valid [xI i; xO has_prev].
Proof using prev_is.
  exact (fun i f V t _ v n => no (denotes_node _ _ prev_is) t n (prev_top f t (yes V t v))).
Qed.

Lemma next_unfold : forall i f g l x y, denotes (xO i) (KNext (KUntil f g)) ->
  denotes l (KUntil f g) -> denotes x f -> denotes y g ->
  forall P, defines (unfold_clauses i has_next l x y) P -> P.
Proof using next_is.
  intros i f g l x y V L X Y P K; exact (K (next_shift i _ V)
    (fun t _ u b n => no V t n (until_next f g t (no Y t b) (yes L t u)))
    (fun t _ u a c => no L t u (until_more f g t (yes X t a) (yes V t c)))).
Qed.

Lemma prev_unfold : forall i f g l x y, denotes (xO i) (KPrev (KSince f g)) ->
  denotes l (KSince f g) -> denotes x f -> denotes y g ->
  forall P, defines (unfold_clauses i has_prev l x y) P -> P.
Proof using prev_is.
  intros i f g l x y V L X Y P K; exact (K (prev_shift i _ V)
    (fun t _ u b n => no V t n (since_prev f g t (no Y t b) (yes L t u)))
    (fun t _ u a c => no L t u (since_more f g t (yes X t a) (yes V t c)))).
Qed.

Lemma next_described : forall i n, good n -> described i (Some (next_node i n)).
Proof using next_is.
  intros i n [ X Y ] E; set (V := denotes_node i _ E).
  refine (conj (conj V X) _); revert X Y; set (W := next_shift i _ V); clearbody V W.
  destruct n as [ f l | f l x | f l x | f g l x y | f g l x y ]; try exact (fun _ _ P K => K W).
  exact (fun X Y => next_unfold i f g l x y V X (proj1 Y) (proj2 Y)).
Qed.

Lemma prev_described : forall i n, good n -> described i (Some (prev_node i n)).
Proof using prev_is.
  intros i n [ X Y ] E; set (V := denotes_node i _ E).
  refine (conj (conj V X) _); revert X Y; set (W := prev_shift i _ V); clearbody V W.
  destruct n as [ f l | f l x | f l x | f g l x y | f g l x y ]; try exact (fun _ _ P K => K W).
  exact (fun X Y => prev_unfold i f g l x y V X (proj1 Y) (proj2 Y)).
Qed.

Lemma until_described : forall i n m, good n -> good m -> described i (Some (until_node i n m)).
Proof using Type.
  intros i n m [ X _ ] [ Y _ ] E; set (V := denotes_node i _ E).
  exact (conj (conj V (conj X Y)) (until_sound i _ _ _ _ V X Y)).
Qed.

Lemma since_described : forall i n m, good n -> good m -> described i (Some (since_node i n m)).
Proof using Type.
  intros i n m [ X _ ] [ Y _ ] E; set (V := denotes_node i _ E).
  exact (conj (conj V (conj X Y)) (since_sound i _ _ _ _ V X Y)).
Qed.

Lemma neg_described : forall i n, good n -> described i (Some (neg_node n)).
Proof using Type.
  intros i n N E; exact (conj (conj (denotes_flip _ _ (proj1 N)) I) (fun P K => K)).
Qed.

Lemma describe_sound : forall nodes, good_nodes nodes -> forall i e,
  described i (describe nodes i e).
Proof using next_is prev_is.
  intros nodes G i [ p | | a | a b | a b | a b | a b | a | a b | a | a b ].
  - exact (fun E => conj (conj (denotes_node i _ E) I) (fun P K => K)).
  - exact (fun E => let V := denotes_node i KBot E in
      conj (conj V I) (fun P K => K (fun t _ v => yes V t v))).
  - exact (unary_described nodes i a _ G (neg_described i)).
  - exact (plain_described nodes i _ _ a b G (conj_sound i)).
  - exact (plain_described nodes i _ _ a b G (disj_sound i)).
  - exact (plain_described nodes i _ _ a b G (impl_sound i)).
  - exact (plain_described nodes i _ _ a b G (iff_sound i)).
  - exact (unary_described nodes i a _ G (next_described i)).
  - exact (binary_described nodes i a b _ G (until_described i)).
  - exact (unary_described nodes i a _ G (prev_described i)).
  - exact (binary_described nodes i a b _ G (since_described i)).
Qed.

Lemma push_sound : forall s c, good_clauses (clauses s) -> valid c ->
  good_clauses (clauses (push s c)).
Proof using Type.
  intros s c G V; exact (put_all _ None (Some c) (fun _ => given valid) _ _ V G).
Qed.

Lemma push_all_sound : forall cs s, good_clauses (clauses s) ->
  defines cs (good_clauses (clauses (push_all s cs))).
Proof using Type.
  intros cs; induction cs as [ | c cs IH ]; intros s G; [ exact G | ].
  exact (fun V => IH (push s c) (push_sound s c G V)).
Qed.

(** If [den] agrees with the nodes read so far, all that was read is good. *)
Definition sound (o : option (map node * store)) : Prop :=
  match o with
  | Some (nodes, s) => agrees nodes -> good_nodes nodes /\ good_clauses (clauses s)
  | None => True
  end.

Lemma sound_put : forall nodes i n cs s, get None i nodes = None -> sound (Some (nodes, s)) ->
  (good_nodes nodes -> described i (Some (n, cs))) ->
  sound (Some (put None i (Some n) nodes, push_all s cs)).
Proof using Type.
  intros nodes i n cs s N H K A.
  destruct (H (put_others _ None (Some n) (fun i => given (fun n => den i = meaning n))
    i nodes N (fun _ => I) A)) as [ G C ].
  generalize (A i); rewrite get_put_same; intros E; destruct (K G E) as [ X V ].
  exact (conj (put_all _ None (Some n) (fun _ => given good) i nodes X G)
    (V _ (push_all_sound cs s C))).
Qed.

Lemma read_table_sound : forall t i nodes s,
  sound (Some (nodes, s)) -> sound (read_table t i nodes s).
Proof using next_is prev_is.
  intros t; induction t as [ | e t IH ]; intros i nodes s H; [ exact H | cbn [read_table] ].
  generalize (fun n cs N => sound_put nodes i n cs s N H).
  destruct (get None i nodes); [ exact (fun _ => I) | intros K ].
  generalize (fun G => describe_sound nodes G i e).
  destruct (describe nodes i e) as [ [n cs] | ]; [ | exact (fun _ => I) ].
  exact (fun X => IH _ _ _ (K n cs eq_refl X)).
Qed.

Lemma time_sound : valid (time_clause finite).
Proof using F next_is last_is.
  unfold time_clause; revert F; unfold fits; destruct finite; simpl.
  - intros [ n E ] t T; simpl; change (den 6) with (den has_last); rewrite last_is; intros X.
    unfold inside in T; rewrite E in T; destruct (le_sum t n T) as [ d N ].
    apply X; exists d; clear X T; revert t N; induction d as [ | d IH ]; intros t N.
    + rewrite <- (N : n = t); split.
      * unfold inside; rewrite E; exact (le_n n).
      * intros [ Y _ ]; unfold inside in Y; rewrite E in Y; exact (le_none n Y).
    + split; [ exact (fun Y => Y) | apply IH; rewrite add_succ; exact N ].
  - intros E t T; simpl; change (den 3) with (den has_next); rewrite next_is; intros X.
    apply X; split; [ unfold inside; rewrite E; exact I | exact (fun Y => Y) ].
Qed.

Lemma read_all_sound : forall t, sound (read_all finite t).
Proof using F next_is prev_is last_is.
  intros t; unfold read_all; set (s0 := {| clauses := Leaf; next := 1 |}).
  generalize (read_table_sound header 1 Leaf s0 (fun _ => conj (fun _ => I) (fun _ => I))).
  destruct (read_table header 1 Leaf s0) as [ [nodes s] | ]; [ intros H | exact (fun X => X) ].
  apply read_table_sound; intros A; destruct (H A) as [ G C ].
  exact (conj G (push_sound s _ C time_sound)).
Qed.

(** *** Unit propagation, at one position *)
Definition falsified (s : set) (t : nat) : Prop := forall l, when (mem l s) (deny l t).

Lemma falsified_add : forall l s t, deny l t -> falsified s t -> falsified (add l s) t.
Proof using Type.
  intros l s t; exact (put_all _ false true (fun l b => when b (deny l t)) l s).
Qed.

Lemma only_sound : forall l s t c, falsified s t -> deny l t -> clash c t ->
  when (only l s c) False.
Proof using Type.
  intros l s t c H L; induction c as [ | k c IH ]; intros X; [ exact X | simpl ].
  generalize (H k); destruct (mem k s); [ exact (fun K => IH (X K)) | intros _ ].
  generalize (pos_eqb_equal k l); destruct (Pos.eqb k l); intros E; [ | exact I ].
  destruct E; exact (IH (X L)).
Qed.

Lemma propagate_sound : forall s t c, falsified s t -> clash c t ->
  match propagate s c with Conflict => False | Unit l => deny (flip l) t | Stuck => True end.
Proof using D.
  intros s t c H; induction c as [ | l c IH ]; intros X; [ exact X | simpl ].
  generalize (H l); destruct (mem l s); [ exact (fun L => IH (X L)) | intros _ ].
  generalize (fun L => only_sound l s t c H L (X L)).
  destruct (only l s c); [ exact (reject l t) | exact (fun _ => I) ].
Qed.

Lemma rup_sound : forall cs t, good_clauses cs -> inside r t -> forall hints s,
  falsified s t -> when (rup cs s hints) False.
Proof using D.
  intros cs t G T hints; induction hints as [ | h hints IH ]; intros s H; [ exact I | simpl ].
  generalize (G h); destruct (get None h cs) as [ c | ]; intros V; [ | exact I ].
  generalize (propagate_sound s t c H (V t T)).
  destruct (propagate s c) as [ | l | ]; intros X; [ exact X | | exact I ].
  exact (IH _ (falsified_add _ s t X H)).
Qed.

Lemma rup_clause_sound : forall cs t, good_clauses cs -> inside r t -> forall hints c s,
  falsified s t -> when (rup cs (add_all c s) hints) (clash c t).
Proof using D.
  intros cs t G T hints c; induction c as [ | l c IH ]; intros s H.
  - exact (rup_sound cs t G T hints s H).
  - generalize (fun L => IH (add l s) (falsified_add l s t L H)); simpl.
    destruct (rup cs (add_all c (add l s)) hints); [ exact (fun X => X) | exact (fun _ => I) ].
Qed.

Lemma tautology_sound : forall t c s, falsified s t -> when (tautology c s) (clash c t).
Proof using Type.
  intros t c; induction c as [ | l c IH ]; intros s H; [ exact I | simpl ].
  generalize (fun L => IH (add l s) (falsified_add l s t L H)); intros W.
  assert (W' : when (tautology c (add l s)) (deny l t -> clash c t)).
  { destruct (tautology c (add l s)); [ exact W | exact I ]. }
  destruct l as [ v | v | ]; [ generalize (H (xO v)) | generalize (H (xI v)) | exact W' ].
  - destruct (mem (xO v) s); [ intros N Y; destruct (N Y) | intros _; exact W' ].
  - destruct (mem (xI v) s); [ intros Y N; destruct (N Y) | intros _; exact W' ].
Qed.

(** *** One position later *)
Lemma next_child_sound : forall nodes v, agrees nodes -> good_nodes nodes ->
  given (fun x => exists f, denotes (xO v) (KNext f) /\ denotes x f) (next_child nodes v).
Proof using Type.
  intros nodes v A G; unfold next_child; generalize (A v), (G v).
  destruct (get None v nodes) as [ [ f l | f l x | f l x | f g l x y | f g l x y ] | ];
    try exact (fun _ _ => I).
  exact (fun E X => ex_intro _ f (conj (denotes_node v _ E) (proj2 X))).
Qed.

Lemma prev_child_sound : forall nodes v, agrees nodes -> good_nodes nodes ->
  given (fun x => exists f, denotes (xO v) (KPrev f) /\ denotes x f) (prev_child nodes v).
Proof using Type.
  intros nodes v A G; unfold prev_child; generalize (A v), (G v).
  destruct (get None v nodes) as [ [ f l | f l x | f l x | f g l x y | f g l x y ] | ];
    try exact (fun _ _ => I).
  exact (fun E X => ex_intro _ f (conj (denotes_node v _ E) (proj2 X))).
Qed.

Lemma until_children_sound : forall nodes v, agrees nodes -> good_nodes nodes ->
  given (fun xy => exists f g, denotes (xO v) (KUntil f g) /\ denotes (fst xy) f
    /\ denotes (snd xy) g) (until_children nodes v).
Proof using Type.
  intros nodes v A G; unfold until_children; generalize (A v), (G v).
  destruct (get None v nodes) as [ [ f l | f l x | f l x | f g l x y | f g l x y ] | ];
    try exact (fun _ _ => I).
  exact (fun E X => ex_intro _ f (ex_intro _ g (conj (denotes_node v _ E) (proj2 X)))).
Qed.

Lemma same_sound : forall (Q : positive -> Prop) o x, given Q o -> when (same o x) (Q x).
Proof using Type.
  intros Q [ y | ] x H; [ simpl | exact I ]; generalize (pos_eqb_equal y x).
  destruct (Pos.eqb y x); [ intros []; exact H | exact (fun _ => I) ].
Qed.

Lemma next_of_sound : forall nodes x l, agrees nodes -> good_nodes nodes ->
  when (next_of nodes x l) (forall t, inside r (S t) -> deny l t -> deny x (S t)).
Proof using D.
  intros nodes x l A G; refine (same_sound (fun x =>
    forall t, inside r (S t) -> deny l t -> deny x (S t)) _ x _).
  generalize (next_child_sound nodes (node_of l) A G).
  destruct (next_child nodes (node_of l)) as [ h | ]; [ | exact (fun X => X) ].
  intros (f & V & H); destruct l as [ v | v | ]; [ | | exact I ].
  - exact (fun t _ d => reject h (S t) (fun Z => no H (S t) Z (proj2 (out (yes V t d))))).
  - exact (fun t T d => accept h (S t) (fun Z =>
      no V t d (into (f := KNext f) (conj T (yes H (S t) Z))))).
Qed.

Lemma prev_of_sound : forall nodes x l, agrees nodes -> good_nodes nodes ->
  when (prev_of nodes x l) (forall t, inside r (S t) -> deny l t -> deny x (S t)).
Proof using D.
  intros nodes x l A G; refine (same_sound (fun l =>
    forall t, inside r (S t) -> deny l t -> deny x (S t)) _ l _).
  generalize (prev_child_sound nodes (node_of x) A G).
  destruct (prev_child nodes (node_of x)) as [ h | ]; [ | exact (fun X => X) ].
  intros (f & V & H); destruct x as [ v | v | ]; [ | | exact I ].
  - exact (fun t _ d => accept (xI v) (S t) (fun Z => no V (S t) Z (yes H t d))).
  - exact (fun t _ d => accept (xO v) (S t) (fun Z => no H t d (yes V (S t) Z))).
Qed.

Lemma later_sound : forall nodes x l, agrees nodes -> good_nodes nodes ->
  when (later nodes x l) (forall t, inside r (S t) -> deny l t -> deny x (S t)).
Proof using D.
  intros nodes x l A G; unfold later; generalize (next_of_sound nodes x l A G).
  destruct (next_of nodes x l); [ exact (fun X => X) | intros _ ].
  exact (prev_of_sound nodes x l A G).
Qed.

Lemma has_next_inside : forall t, deny (xI has_next) t -> inside r (S t).
Proof using next_is.
  exact (fun t X => proj1 (out (yes (denotes_node _ _ next_is) t X))).
Qed.

Lemma successor_sound : forall nodes t, agrees nodes -> good_nodes nodes -> forall c d,
  (inside r (S t) -> clash c (S t)) -> given (fun q => clash q t) (successor nodes finite c d).
Proof using D F next_is.
  intros nodes t A G c; induction c as [ | x c IH ]; intros [ | l d ] X; try exact I.
  - simpl; revert F; unfold fits; destruct finite; intros E.
    + exact (fun L => X (has_next_inside t L)).
    + apply X; unfold inside; rewrite E; exact I.
  - simpl; generalize (later_sound nodes x l A G).
    destruct (later nodes x l); [ intros L | exact (fun _ => I) ].
    generalize (fun Y : deny l t => IH d (fun T => X T (L t T Y))).
    destruct (successor nodes finite c d); [ exact (fun Z => Z) | exact (fun _ => I) ].
Qed.

(** *** Induction *)
Fixpoint all_denied (c : clause) (t : nat) : Prop :=
  match c with [] => True | l :: c => deny l t /\ all_denied c t end.

Lemma denied : forall t l c, all_denied c t -> when (one_of l c) (deny l t).
Proof using Type.
  intros t l c; induction c as [ | k c IH ]; intros H; [ exact I | simpl ].
  generalize (pos_eqb_equal l k); destruct (Pos.eqb l k).
  - intros E; rewrite E; exact (proj1 H).
  - exact (fun _ => IH (proj2 H)).
Qed.

Lemma within_sound : forall t d c, all_denied d t -> clash c t -> when (within c d) False.
Proof using Type.
  intros t d c H; induction c as [ | l c IH ]; intros X; [ exact X | simpl ].
  generalize (denied t l d H).
  destruct (one_of l d); [ exact (fun L => IH (X L)) | exact (fun _ => I) ].
Qed.

Lemma ruled_out : forall c d f g i a b x,
  valid c -> valid d -> denotes a f -> denotes b g ->
  (forall t, inside r (S t) -> deny (flip x) t -> deny (flip i) (S t)) ->
  when (if within c [flip i; flip b] then within d [flip i; flip a; xI has_next; x] else false)
    (forall t, deny (flip i) t -> inside r t -> ~ csat r t (KUntil f g)).
Proof using D next_is.
  intros c d f g i a b x C V A B L.
  assert (Wc : forall t, deny (flip i) t -> inside r t -> csat r t g ->
    when (within c [flip i; flip b]) False).
  { intros t Y T Z; apply (within_sound t); [ | exact (C t T) ].
    exact (conj Y (conj (reject b t (fun K => no B t K Z)) I)). }
  assert (Wd : forall t, deny (flip i) t -> inside r t -> csat r t f -> inside r (S t) ->
    deny x t -> when (within d [flip i; flip a; xI has_next; x]) False).
  { intros t Y T Z N X; apply (within_sound t); [ | exact (V t T) ].
    refine (conj Y (conj (reject a t (fun K => no A t K Z)) (conj _ (conj X I)))).
    exact (reject (xO has_next) t (fun K => no (denotes_node _ _ next_is) t K
      (into (f := KNext top) (conj N (fun E => E))))). }
  destruct (within c _); [ | exact I ]; destruct (within d _); [ | exact I ].
  intros t Y T X; destruct (out X) as [ n R ]; clear X; revert t Y T R.
  induction n as [ | n IH ]; intros t Y T R; [ exact (Wc t Y T (proj2 R)) | ].
  set (N := reach_inside _ _ n _ (proj2 R)).
  exact (IH (S t) (L t N (reject x t (Wd t Y T (proj1 R) N))) N (proj2 R)).
Qed.

Lemma induct_sound : forall nodes cs i v x stop go, agrees nodes -> good_nodes nodes ->
  good_clauses cs -> given valid (induct nodes cs i v x stop go).
Proof using D next_is.
  intros nodes cs i v x stop go A G C; unfold induct.
  generalize (until_children_sound nodes v A G).
  destruct (until_children nodes v) as [ [ a b ] | ]; [ | exact (fun X => X) ].
  intros (f & g & E & Ha & Hb).
  generalize (C stop); destruct (get None stop cs) as [ c | ]; [ intros Vc | exact (fun X => X) ].
  generalize (C go); destruct (get None go cs) as [ d | ]; [ intros Vd | exact (fun X => X) ].
  generalize (later_sound nodes (flip i) (flip x) A G).
  destruct (later nodes (flip i) (flip x)); [ intros L | exact (fun X => X) ].
  generalize (ruled_out c d f g i a b x Vc Vd Ha Hb L).
  destruct (if within c _ then _ else false); [ | exact (fun _ => I) ].
  exact (fun H t T Y Z => H t Y T (yes E t Z)).
Qed.

(** *** The steps *)
Lemma accepted : forall c b, (forall t, inside r t -> when b (clash c t)) ->
  given valid (if b then Some c else None).
Proof using Type. intros c []; [ exact (fun V => V) | exact (fun _ => I) ]. Qed.

Lemma derive_sound : forall nodes cs st, agrees nodes -> good_nodes nodes ->
  good_clauses cs -> given valid (derive finite nodes cs st).
Proof using D F next_is.
  intros nodes cs st A G C; destruct st as [ c [ | h hints ] | premise d | i v x stop go ].
  - exact (accepted c _ (fun t _ => tautology_sound t c Leaf (fun _ => I))).
  - exact (accepted c _ (fun t T => rup_clause_sound cs t C T _ c Leaf (fun _ => I))).
  - simpl; generalize (C premise).
    destruct (get None premise cs) as [ c | ]; [ intros V | exact (fun X => X) ].
    generalize (fun t => successor_sound nodes t A G c d (V (S t))).
    destruct (successor nodes finite c d); [ exact (fun H t _ => H t) | exact (fun _ => I) ].
  - exact (induct_sound nodes cs i v x stop go A G C).
Qed.

Lemma run_steps_sound : forall nodes, agrees nodes -> good_nodes nodes ->
  forall ss s last, good_clauses (clauses s) ->
  given valid last -> given valid (run_steps finite nodes s ss last).
Proof using D F next_is.
  intros nodes A G ss; induction ss as [ | st ss IH ]; intros s last C L; [ exact L | simpl ].
  generalize (derive_sound nodes (clauses s) st A G C).
  destruct (derive finite nodes (clauses s) st) as [ c | ]; intros V; [ | exact I ].
  exact (IH (push s c) (Some c) (push_sound s c C V) V).
Qed.

Lemma check_steps_sound : forall nodes s n ss, agrees nodes -> good_nodes nodes ->
  good_clauses (clauses s) -> good n ->
  when (check_steps finite nodes s n ss) (csat r 0 (meaning n)).
Proof using D F next_is prev_is.
  intros nodes s n ss A G C [ N _ ]; unfold check_steps.
  generalize (run_steps_sound nodes A G ss s None C I).
  destruct (run_steps finite nodes s ss None) as [ c | ]; intros V; [ | exact I ].
  assert (P : deny (xO has_prev) 0) by (unfold deny; rewrite prev_is; exact (fun X => X)).
  generalize (fun L => within_sound 0 [xO has_prev; lit n] c
    (conj P (conj L I)) (V 0 (inside_first r))).
  destruct (within c [xO has_prev; lit n]); [ | exact (fun _ => I) ].
  exact (fun X => proj2 (N 0) (reject _ 0 X)).
Qed.

End Soundness.

(** *** The whole certificate *)
Definition meanings (nodes : map node) (i : positive) : kform :=
  match get None i nodes with Some n => meaning n | None => KBot end.

Lemma meanings_agree : forall nodes, agrees (meanings nodes) nodes.
Proof.
  intros nodes i; unfold meanings; destruct (get None i nodes); [ exact eq_refl | exact I ].
Qed.

Lemma means_equal : forall nodes v f, when (means nodes v f) (meanings nodes v = f).
Proof.
  intros nodes v f; unfold means, meanings.
  destruct (get None v nodes) as [ n | ]; [ exact (kform_eqb_equal (meaning n) f) | exact I ].
Qed.

Lemma knows_header_sound : forall nodes, when (knows_header nodes)
  (meanings nodes has_next = KNext top /\ meanings nodes has_prev = KPrev top
    /\ meanings nodes has_last = KUntil top (KNeg (KNext top))).
Proof.
  intros nodes; unfold knows_header.
  generalize (means_equal nodes has_next (KNext top)).
  destruct (means nodes has_next _); [ intros N | exact (fun X => X) ].
  generalize (means_equal nodes has_prev (KPrev top)).
  destruct (means nodes has_prev _); [ intros P | exact (fun X => X) ].
  generalize (means_equal nodes has_last (KUntil top (KNeg (KNext top)))).
  destruct (means nodes has_last _); [ exact (fun L => conj N (conj P L)) | exact (fun X => X) ].
Qed.

Lemma check_proof_when : forall finite f p, when (check_proof finite f p)
  (forall r, fits finite r -> decided r -> sat r 0 f).
Proof.
  intros finite f p; unfold check_proof.
  generalize (fun r den F N P L => read_all_sound r finite den F N P L (table p)).
  destruct (read_all finite (table p)) as [ [nodes s] | ]; [ | exact (fun _ => I) ].
  intros H; generalize (fun r den (G : good_nodes r den nodes) => G (root p)).
  destruct (get None (root p) nodes) as [ n | ]; [ intros R | exact (fun _ => I) ].
  generalize (knows_header_sound nodes).
  destruct (knows_header nodes); [ intros (N & P & L) | exact (fun X => X) ].
  generalize (kform_eqb_equal (meaning n) (core f)).
  destruct (kform_eqb (meaning n) (core f)); [ intros E | exact (fun X => X) ].
  assert (S : forall r, fits finite r -> decided r ->
    when (check_steps finite nodes s n (steps p)) (sat r 0 f)).
  { intros r F D; assert (C := decided_core r D).
    destruct (H r _ F N P L (meanings_agree nodes)) as [ G V ].
    generalize (check_steps_sound r finite (meanings nodes) C F N P nodes s n (steps p)
      (meanings_agree nodes) G V (R r _ G)); rewrite E.
    destruct (check_steps finite nodes s n (steps p)); [ | exact (fun X => X) ].
    exact (proj2 (core_ok r C f 0)). }
  destruct (check_steps finite nodes s n (steps p)); [ exact S | exact I ].
Qed.

Theorem check_proof_sound : forall f p, check_proof false f p = true -> Valid f.
Proof.
  intros f p E r; exact (when_true _ _ (check_proof_when false f p) E r).
Qed.

Theorem check_proof_finite_sound : forall f p, check_proof true f p = true -> ValidFinite f.
Proof.
  intros f p E r n L.
  exact (when_true _ _ (check_proof_when true f p) E r (ex_intro _ n L)).
Qed.
