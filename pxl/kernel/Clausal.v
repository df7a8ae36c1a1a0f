(** * Certificates of provability: clausal proofs

    A certificate is a table of the goal's subformulas and a list of steps, each
    of which derives a clause: by unit propagation through earlier clauses, or
    by necessitation. A certificate that passes [check_proof] makes the goal a
    theorem. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Prov Trie.
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

    What is known of a node: its formula and its literal; of [Box f] and [Dia f],
    [f] and the literal of [f] as well. *)
Inductive node : Type :=
| Plain (f : form) (l : positive)
| Boxed (f : form) (l child : positive)
| Diamond (f : form) (l child : positive).

Definition meaning (n : node) : form :=
  match n with Plain f _ => f | Boxed f _ _ => Box f | Diamond f _ _ => Dia f end.

Definition lit (n : node) : positive :=
  match n with Plain _ l | Boxed _ l _ | Diamond _ l _ => l end.

Definition flip (l : positive) : positive :=
  match l with xO v => xI v | xI v => xO v | xH => xH end.

(** A finite map has [None] for what is not there. *)
Definition map (A : Type) : Type := trie (option A).

(** What an entry adds as node [i]: the node and its defining clauses. A
    negation has none, since its literal is its child's, flipped. *)
Definition unary (nodes : map node) (a : positive) (k : node -> node * list clause)
  : option (node * list clause) :=
  match get None a nodes with Some n => Some (k n) | None => None end.

Definition binary (nodes : map node) (i a b : positive) (op : form -> form -> form)
    (k : positive -> positive -> list clause) : option (node * list clause) :=
  match get None a nodes with
  | Some n =>
      match get None b nodes with
      | Some m => Some (Plain (op (meaning n) (meaning m)) (xO i), k (lit n) (lit m))
      | None => None
      end
  | None => None
  end.

Definition describe (nodes : map node) (i : positive) (e : entry)
  : option (node * list clause) :=
  let v := xO i in
  let nv := xI i in
  match e with
  | EAtom p => Some (Plain (Atom p) v, [])
  | EBot => Some (Plain Bot v, [[nv]])
  | ENeg a => unary nodes a (fun n => (Plain (Neg (meaning n)) (flip (lit n)), []))
  | EConj a b => binary nodes i a b Conj (fun x y => [[nv; x]; [nv; y]; [v; flip x; flip y]])
  | EDisj a b => binary nodes i a b Disj (fun x y => [[v; flip x]; [v; flip y]; [nv; x; y]])
  | EImpl a b => binary nodes i a b Impl (fun x y => [[v; x]; [v; flip y]; [nv; flip x; y]])
  | EIff a b => binary nodes i a b Iff (fun x y =>
      [[nv; flip x; y]; [nv; x; flip y]; [v; x; y]; [v; flip x; flip y]])
  | EBox a => unary nodes a (fun n => (Boxed (meaning n) v (lit n), [[nv; lit n]]))
  | EDia a => unary nodes a (fun n => (Diamond (meaning n) v (lit n), [[v; flip (lit n)]]))
  end.

(** Clauses by number, and the next number. *)
Record store : Type := { clauses : map clause; next : positive }.

Definition push (s : store) (c : clause) : store :=
  {| clauses := put None (next s) (Some c) (clauses s); next := Pos.succ (next s) |}.

Fixpoint push_all (s : store) (cs : list clause) : store :=
  match cs with [] => s | c :: cs => push_all (push s c) cs end.

(** All nodes, the store with their defining clauses, and the last node. No node
    is there before its turn; to test that spares a proof about numbers. *)
Fixpoint read_table (t : list entry) (i : positive) (nodes : map node) (s : store)
    (last : option node) : option (map node * store * node) :=
  match t with
  | [] => match last with Some root => Some (nodes, s, root) | None => None end
  | e :: t =>
      match get None i nodes with
      | None =>
          match describe nodes i e with
          | Some (n, cs) =>
              read_table t (Pos.succ i) (put None i (Some n) nodes) (push_all s cs) (Some n)
          | None => None
          end
      | Some _ => None
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

Definition is_modal (nodes : map node) (l : positive) : bool :=
  match l with
  | xH => false
  | xO v | xI v =>
      match get None v nodes with Some (Boxed _ _ _ | Diamond _ _ _) => true | _ => false end
  end.

(** [c] without [x], provided that the rest is modal. *)
Fixpoint modal_rest (nodes : map node) (x : positive) (c : clause) : option clause :=
  match c with
  | [] => Some []
  | l :: c =>
      if Pos.eqb l x then modal_rest nodes x c
      else if is_modal nodes l then
        match modal_rest nodes x c with Some r => Some (l :: r) | None => None end
      else None
  end.

(** From [C, g] infer [C, Box g]; from [C, ~g] infer [C, ~ Dia g]. *)
Definition necessitate (nodes : map node) (c : clause) (v : positive) : option clause :=
  let conclude x l :=
    match modal_rest nodes x c with Some r => Some (l :: r) | None => None end in
  match get None v nodes with
  | Some (Boxed _ _ child) => conclude child (xO v)
  | Some (Diamond _ _ child) => conclude (flip child) (xI v)
  | _ => None
  end.

(** A clause without hints must be a tautology: it has nothing else to stand on. *)
Definition derive (nodes : map node) (cs : map clause) (s : step) : option clause :=
  match s with
  | Rup c [] => if tautology c Leaf then Some c else None
  | Rup c hints => if rup cs (add_all c Leaf) hints then Some c else None
  | Nec premise v =>
      match get None premise cs with Some c => necessitate nodes c v | None => None end
  end.

(** The last clause, or [None] when a step fails or there is none. *)
Fixpoint run (nodes : map node) (s : store) (ss : list step) (last : option clause)
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

    Straight in the Hilbert system, by natural deduction in theories. A theory
    contains the theorems and is closed under modus ponens; what a theory proves
    from one more hypothesis is a theory (that is the deduction theorem), and
    what it proves necessary is one (that is axiom K). *)
Record theory : Type := Theory {
  holds :> form -> Prop;
  thm : forall f, Prov f -> holds f;
  app : forall a b, holds (Impl a b) -> holds a -> holds b
}.

Definition theorems : theory := Theory Prov (fun f P => P) mp.

Definition assume (h : form) (T : theory) : theory :=
  Theory (fun f => T (Impl h f))
    (fun f P => thm T _ (mp _ _ (ax_k f h) P))
    (fun a b X Y => app T _ _ (app T _ _ (thm T _ (ax_s h a b)) X) Y).

Definition necessary (T : theory) : theory :=
  Theory (fun f => T (Box f))
    (fun f P => thm T _ (nec f P))
    (fun a b X Y => app T _ _ (app T _ _ (thm T _ (ax_K a b)) X) Y).

Lemma self : forall (T : theory) h, assume h T h.
Proof.
  intros T h; exact (thm T _ (mp _ _ (mp _ _ (ax_s h (Impl h h) h) (ax_k _ _)) (ax_k _ _))).
Qed.

Lemma by1 : forall (T : theory) a b, Prov (Impl a b) -> T a -> T b.
Proof. intros T a b P; exact (app T a b (thm T _ P)). Qed.

Lemma by2 : forall (T : theory) a b c, Prov (Impl a (Impl b c)) -> T a -> T b -> T c.
Proof. intros T a b c P A; exact (app T b c (by1 T a _ P A)). Qed.

Lemma weaken : forall (T : theory) h f, T f -> assume h T f.
Proof. intros T h f; exact (by1 T f (Impl h f) (ax_k f h)). Qed.

Lemma absurd : forall (T : theory) a, T (Neg a) -> T a -> T Bot.
Proof. intros T a; exact (by2 T (Neg a) a Bot (ax_neg_e a)). Qed.

Lemma deny_intro : forall (T : theory) a, assume a T Bot -> T (Neg a).
Proof. intros T a; exact (by1 T (Impl a Bot) (Neg a) (ax_neg_i a)). Qed.

Lemma affirm : forall (T : theory) a, assume (Neg a) T Bot -> T a.
Proof. intros T a X; exact (by1 T _ a (ax_dne a) (deny_intro T (Neg a) X)). Qed.

Lemma impl_false : forall (T : theory) a b, T (Neg a) -> T (Impl a b).
Proof.
  intros T a b N; set (U := assume a T).
  exact (by1 U Bot b (ax_bot b) (absurd U a (weaken T a _ N) (self T a))).
Qed.

Lemma identity : forall a, Prov (Impl a a).
Proof. exact (self theorems). Qed.

Lemma double_neg : forall a, Prov (Impl a (Neg (Neg a))).
Proof.
  intros a; set (T := assume a theorems); apply (deny_intro T (Neg a)).
  exact (absurd (assume (Neg a) T) a (self T _) (weaken T _ a (self theorems a))).
Qed.

Lemma contrapose : forall (T : theory) a b, Prov (Impl a b) -> T (Neg b) -> T (Neg a).
Proof.
  intros T a b P N; apply deny_intro.
  exact (absurd (assume a T) b (weaken T a _ N) (thm T _ P)).
Qed.

Lemma dia_intro : forall (T : theory) a, T a -> T (Dia a).
Proof.
  intros T a A; apply (by1 T _ _ (ax_dual_r a)), (contrapose T _ (Neg a) (ax_T _)).
  exact (by1 T a _ (double_neg a) A).
Qed.

(** A rigid formula implies its own necessity; then so does its negation. *)
Definition rigid (f : form) : Prop := Prov (Impl f (Box f)).

Lemma rigid_neg : forall f, rigid f -> rigid (Neg f).
Proof.
  intros f R; set (T := assume (Neg f) theorems); set (U := necessary T).
  apply (contrapose U f (Box (Neg (Neg f)))).
  - exact (by1 (necessary (assume f theorems)) f _ (double_neg f) R).
  - apply (by1 U _ _ (ax_dual_l (Neg f))), (by1 T _ _ (ax_5 (Neg f))), dia_intro.
    exact (self theorems (Neg f)).
Qed.

(** *** Clauses

    [den] gives each node its formula, and [deny l] says that [l] is false. A
    clause is valid when it is a theorem that its literals are not all false. *)
Definition deny (den : positive -> form) (l : positive) : form :=
  match l with xO v => Neg (den v) | xI v => den v | xH => Neg Bot end.

Fixpoint clash (den : positive -> form) (c : clause) : form :=
  match c with [] => Bot | l :: c => Impl (deny den l) (clash den c) end.

Lemma drop : forall den (T : theory) l c,
  T (clash den (l :: c)) -> T (deny den l) -> T (clash den c).
Proof. intros den T l c; exact (app T (deny den l) (clash den c)). Qed.

Definition valid (den : positive -> form) (c : clause) : Prop := Prov (clash den c).

(** A literal that leads to [Bot] is false. *)
Lemma reject : forall den (T : theory) l,
  assume (deny den l) T Bot -> T (deny den (flip l)).
Proof.
  intros den T [ v | v | ]; [ exact (deny_intro T _) | exact (affirm T _) | intros _ ].
  exact (thm T _ (mp _ _ (ax_neg_i Bot) (identity Bot))).
Qed.

(** The literal [l] stands for [f]. *)
Record denotes (den : positive -> form) (l : positive) (f : form) : Prop := Denotes {
  if_denied : Prov (Impl (deny den l) (Neg f));
  if_affirmed : Prov (Impl (deny den (flip l)) f)
}.

Lemma denotes_node : forall den i f, den i = f -> denotes den (xO i) f.
Proof. intros den i f []; exact (Denotes den (xO i) _ (identity _) (identity _)). Qed.

Lemma flip_flip : forall l, flip (flip l) = l.
Proof. intros [ v | v | ]; reflexivity. Qed.

Lemma denotes_flip : forall den l f, denotes den l f -> denotes den (flip l) (Neg f).
Proof.
  intros den l f [ N Y ]; split.
  - exact (by1 (assume _ theorems) f _ (double_neg f) Y).
  - rewrite flip_flip; exact N.
Qed.

(** What [f] is called in the proofs below: [no] when it is false, [yes] when it
    is true. *)
Lemma no : forall den l f, denotes den l f -> forall T : theory, T (deny den l) -> T (Neg f).
Proof. intros den l f [ N _ ] T; exact (by1 T _ _ N). Qed.

Lemma yes : forall den l f, denotes den l f ->
  forall T : theory, T (deny den (flip l)) -> T f.
Proof. intros den l f [ _ Y ] T; exact (by1 T _ _ Y). Qed.

(** To show a clause valid, refute its literals in any theory. *)
Fixpoint refutes (den : positive -> form) (T : theory) (c : clause) : Prop :=
  match c with [] => T Bot | l :: c => T (deny den l) -> refutes den T c end.

Lemma refutes_clash : forall den c (T : theory),
  (forall U : theory, (forall f, T f -> U f) -> refutes den U c) -> T (clash den c).
Proof.
  intros den c; induction c as [ | l c IH ]; intros T R.
  - exact (R T (fun f X => X)).
  - apply (IH (assume (deny den l) T)); intros U X.
    exact (R U (fun f Y => X f (weaken T _ f Y)) (X _ (self T _))).
Qed.

Lemma refutes_valid : forall den c, (forall T, refutes den T c) -> valid den c.
Proof. intros den c R; exact (refutes_clash den c theorems (fun U _ => R U)). Qed.

(** *** Defining clauses

    [defines cs P]: [P], if the clauses [cs] are valid. *)
Fixpoint defines (den : positive -> form) (cs : list clause) (P : Prop) : Prop :=
  match cs with [] => P | c :: cs => valid den c -> defines den cs P end.

Definition given {A} (P : A -> Prop) (o : option A) : Prop :=
  match o with Some x => P x | None => True end.

Record good (den : positive -> form) (n : node) : Prop := Good {
  good_lit : denotes den (lit n) (meaning n);
  good_child :
    match n with Plain _ _ => True | Boxed f _ c | Diamond f _ c => denotes den c f end
}.

Definition good_nodes (den : positive -> form) (nodes : map node) : Prop :=
  forall i, given (good den) (get None i nodes).

Definition good_clauses (den : positive -> form) (cs : map clause) : Prop :=
  forall i, given (valid den) (get None i cs).

(** What [describe] says of node [i] is right. *)
Definition described den (i : positive) (o : option (node * list clause)) : Prop :=
  match o with
  | Some (n, cs) => den i = meaning n -> good den n /\ forall P, defines den cs P -> P
  | None => True
  end.

Lemma binary_sound : forall den nodes, good_nodes den nodes -> forall i a b op k,
  (forall f g x y, denotes den (xO i) (op f g) -> denotes den x f -> denotes den y g ->
    forall P, defines den (k x y) P -> P) ->
  described den i (binary nodes i a b op k).
Proof.
  intros den nodes G i a b op k D; unfold binary; generalize (G a), (G b).
  destruct (get None a nodes) as [ n | ]; [ | intros _ _; exact I ].
  destruct (get None b nodes) as [ m | ]; [ | intros _ _; exact I ].
  intros [ N _ ] [ M _ ] E; apply denotes_node in E.
  exact (conj (Good den (Plain _ _) E I) (D _ _ _ _ E N M)).
Qed.

Lemma unary_sound : forall den nodes, good_nodes den nodes -> forall i a k,
  (forall n, denotes den (lit n) (meaning n) -> described den i (Some (k n))) ->
  described den i (unary nodes a k).
Proof.
  intros den nodes G i a k D; unfold unary; generalize (G a).
  destruct (get None a nodes) as [ n | ]; [ | intros _; exact I ].
  intros [ N _ ]; exact (D n N).
Qed.

Lemma describe_sound : forall den nodes, good_nodes den nodes -> forall i e,
  described den i (describe nodes i e).
Proof.
  intros den nodes G i [ p | | a | a b | a b | a b | a b | a | a ].
  - intros E; exact (conj (Good den (Plain _ _) (denotes_node _ _ _ E) I) (fun P K => K)).
  - intros E; apply denotes_node in E; split; [ exact (Good den (Plain _ _) E I) | intros P K ].
    apply K, refutes_valid; intros T; exact (yes _ _ _ E T).
  - apply (unary_sound den nodes G); intros n N _.
    exact (conj (Good den (Plain _ _) (denotes_flip _ _ _ N) I) (fun P K => K)).
  - apply (binary_sound den nodes G); intros f g x y V X Y P K.
    apply K; apply refutes_valid; intros T v.
    + intros s; apply (absurd T f); [ exact (no _ _ _ X T s) | ].
      exact (by1 T _ _ (ax_conj_l f g) (yes _ _ _ V T v)).
    + intros t; apply (absurd T g); [ exact (no _ _ _ Y T t) | ].
      exact (by1 T _ _ (ax_conj_r f g) (yes _ _ _ V T v)).
    + intros s t; apply (absurd T (Conj f g)); [ exact (no _ _ _ V T v) | ].
      exact (by2 T _ _ _ (ax_conj_i f g) (yes _ _ _ X T s) (yes _ _ _ Y T t)).
  - apply (binary_sound den nodes G); intros f g x y V X Y P K.
    apply K; apply refutes_valid; intros T v.
    + intros s; apply (absurd T (Disj f g)); [ exact (no _ _ _ V T v) | ].
      exact (by1 T _ _ (ax_disj_l f g) (yes _ _ _ X T s)).
    + intros t; apply (absurd T (Disj f g)); [ exact (no _ _ _ V T v) | ].
      exact (by1 T _ _ (ax_disj_r f g) (yes _ _ _ Y T t)).
    + intros s t; apply (app T (Disj f g)); [ | exact (yes _ _ _ V T v) ].
      apply (by2 T _ _ _ (ax_disj_e f g Bot)).
      * exact (impl_false T f Bot (no _ _ _ X T s)).
      * exact (impl_false T g Bot (no _ _ _ Y T t)).
  - apply (binary_sound den nodes G); intros f g x y V X Y P K.
    apply K; apply refutes_valid; intros T v.
    + intros s; apply (absurd T (Impl f g)); [ exact (no _ _ _ V T v) | ].
      exact (impl_false T f g (no _ _ _ X T s)).
    + intros t; apply (absurd T (Impl f g)); [ exact (no _ _ _ V T v) | ].
      exact (weaken T f g (yes _ _ _ Y T t)).
    + intros s t; apply (absurd T g); [ exact (no _ _ _ Y T t) | ].
      exact (app T f g (yes _ _ _ V T v) (yes _ _ _ X T s)).
  - apply (binary_sound den nodes G); intros f g x y V X Y P K.
    apply K; apply refutes_valid; intros T v s t.
    + apply (absurd T g); [ exact (no _ _ _ Y T t) | ].
      exact (by2 T _ _ _ (ax_iff_l f g) (yes _ _ _ V T v) (yes _ _ _ X T s)).
    + apply (absurd T f); [ exact (no _ _ _ X T s) | ].
      exact (by2 T _ _ _ (ax_iff_r f g) (yes _ _ _ V T v) (yes _ _ _ Y T t)).
    + apply (absurd T (Iff f g)); [ exact (no _ _ _ V T v) | ].
      apply (by2 T _ _ _ (ax_iff_i f g)).
      * exact (impl_false T f g (no _ _ _ X T s)).
      * exact (impl_false T g f (no _ _ _ Y T t)).
    + apply (absurd T (Iff f g)); [ exact (no _ _ _ V T v) | ].
      apply (by2 T _ _ _ (ax_iff_i f g)).
      * exact (weaken T f g (yes _ _ _ Y T t)).
      * exact (weaken T g f (yes _ _ _ X T s)).
  - apply (unary_sound den nodes G); intros n N E; apply denotes_node in E.
    split; [ exact (Good den (Boxed _ _ _) E N) | intros P K ].
    apply K, refutes_valid; intros T v s; apply (absurd T _ (no _ _ _ N T s)).
    exact (by1 T _ _ (ax_T _) (yes _ _ _ E T v)).
  - apply (unary_sound den nodes G); intros n N E; apply denotes_node in E.
    split; [ exact (Good den (Diamond _ _ _) E N) | intros P K ].
    apply K, refutes_valid; intros T v s; apply (absurd T _ (no _ _ _ E T v)).
    exact (dia_intro T _ (yes _ _ _ N T s)).
Qed.

Lemma push_sound : forall den s c, good_clauses den (clauses s) ->
  valid den c -> good_clauses den (clauses (push s c)).
Proof.
  intros den s c G V; exact (put_all _ None (Some c) (fun _ => given (valid den)) _ _ V G).
Qed.

Lemma push_all_sound : forall den cs s, good_clauses den (clauses s) ->
  defines den cs (good_clauses den (clauses (push_all s cs))).
Proof.
  intros den cs; induction cs as [ | c cs IH ]; intros s G; [ exact G | ].
  intros V; exact (IH (push s c) (push_sound den s c G V)).
Qed.

(** *** The table

    Whatever gives the nodes read so far their formulas makes all good. *)
Record sound (nodes : map node) (s : store) (last : option node)
    (den : positive -> form) : Prop := Sound {
  sound_nodes : good_nodes den nodes;
  sound_clauses : good_clauses den (clauses s);
  sound_last : given (good den) last
}.

Definition agrees (nodes : map node) (den : positive -> form) : Prop :=
  forall i, given (fun n => den i = meaning n) (get None i nodes).

Lemma read_table_sound : forall t i nodes s last,
  (forall den, agrees nodes den -> sound nodes s last den) ->
  match read_table t i nodes s last with
  | Some (nodes', s', root) => forall den, agrees nodes' den -> sound nodes' s' (Some root) den
  | None => True
  end.
Proof.
  intros t; induction t as [ | e t IH ]; intros i nodes s last S; simpl.
  - destruct last; [ exact S | exact I ].
  - destruct (get None i nodes) eqn:F; [ exact I | ].
    generalize (fun den G => describe_sound den nodes G i e).
    destruct (describe nodes i e) as [ [n cs] | ]; intros D; [ | exact I ].
    apply IH; intros den A.
    destruct (S den) as [ G C _ ].
    { exact (put_others _ None (Some n) (fun i => given (fun n => den i = meaning n))
        i nodes F (fun _ => I) A). }
    destruct (D den G) as [ N K ].
    { generalize (A i); rewrite get_put_same; exact (fun E => E). }
    split; [ | exact (K _ (push_all_sound den cs s C)) | exact N ].
    exact (put_all _ None (Some n) (fun _ => given (good den)) i nodes N G).
Qed.

(** *** Unit propagation *)
Definition falsified den (T : theory) (s : set) : Prop :=
  forall l, when (mem l s) (T (deny den l)).

Lemma falsified_add : forall den (T : theory) l s,
  T (deny den l) -> falsified den T s -> falsified den T (add l s).
Proof.
  intros den T l s; exact (put_all _ false true (fun l b => when b (T (deny den l))) l s).
Qed.

Lemma falsified_assume : forall den (T : theory) h s,
  falsified den T s -> falsified den (assume h T) s.
Proof.
  intros den T h s F k; generalize (F k).
  destruct (mem k s); [ exact (weaken T h _) | exact (fun X => X) ].
Qed.

Lemma only_sound : forall den (T : theory) l s c, falsified den T s ->
  T (deny den l) -> T (clash den c) -> when (only l s c) (T Bot).
Proof.
  intros den T l s c F L; induction c as [ | k c IH ]; intros X; [ exact X | simpl ].
  generalize (F k); destruct (mem k s).
  - intros K; exact (IH (drop den T k c X K)).
  - intros _; generalize (pos_eqb_equal k l); destruct (Pos.eqb k l); intros E; [ | exact I ].
    destruct E; exact (IH (drop den T k c X L)).
Qed.

Lemma propagate_sound : forall den (T : theory) s c, falsified den T s ->
  T (clash den c) ->
  match propagate s c with
  | Conflict => T Bot
  | Unit l => T (deny den (flip l))
  | Stuck => True
  end.
Proof.
  intros den T s c F; induction c as [ | l c IH ]; intros X; [ exact X | simpl ].
  generalize (F l); destruct (mem l s); intros L; [ exact (IH (drop den T l c X L)) | ].
  generalize (only_sound den (assume (deny den l) T) l s c
    (falsified_assume den T _ s F) (self T _) X).
  destruct (only l s c); [ exact (reject den T l) | exact (fun X => X) ].
Qed.

Lemma rup_sound : forall den cs, good_clauses den cs -> forall hints (T : theory) s,
  falsified den T s -> when (rup cs s hints) (T Bot).
Proof.
  intros den cs G hints T; induction hints as [ | h hints IH ]; intros s F; [ exact I | simpl ].
  generalize (G h); destruct (get None h cs) as [ c | ]; intros V; [ | exact I ].
  generalize (propagate_sound den T s c F (thm T _ V)).
  destruct (propagate s c) as [ | l | ]; intros X; [ exact X | | exact I ].
  exact (IH _ (falsified_add den T _ s X F)).
Qed.

Lemma rup_clause_sound : forall den cs, good_clauses den cs -> forall hints c (T : theory) s,
  falsified den T s -> when (rup cs (add_all c s) hints) (T (clash den c)).
Proof.
  intros den cs G hints c; induction c as [ | l c IH ]; intros T s F.
  - exact (rup_sound den cs G hints T s F).
  - apply (IH (assume (deny den l) T)), falsified_add; [ exact (self T _) | ].
    exact (falsified_assume den T _ s F).
Qed.

Lemma tautology_sound : forall den c (T : theory) s, falsified den T s ->
  when (tautology c s) (T (clash den c)).
Proof.
  intros den c; induction c as [ | l c IH ]; intros T s F; [ exact I | simpl ].
  set (U := assume (deny den l) T).
  assert (W : when (tautology c (add l s)) (U (clash den c))).
  { apply IH, falsified_add; [ exact (self T _) | exact (falsified_assume den T _ s F) ]. }
  destruct l as [ v | v | ]; [ generalize (F (xO v)) | generalize (F (xI v)) | exact W ].
  - destruct (mem (xO v) s); [ intros N | intros _; exact W ].
    exact (by1 U _ _ (ax_bot _) (absurd U _ (weaken T _ _ N) (self T _))).
  - destruct (mem (xI v) s); [ intros Y | intros _; exact W ].
    exact (by1 U _ _ (ax_bot _) (absurd U _ (self T _) (weaken T _ _ Y))).
Qed.

(** *** Necessitation *)
Lemma is_modal_rigid : forall den nodes l, agrees nodes den ->
  when (is_modal nodes l) (rigid (deny den l)).
Proof.
  intros den nodes l A; destruct l as [ v | v | ]; [ | | exact I ];
    simpl; generalize (A v);
    destruct (get None v nodes) as [ [ f x | f x y | f x y ] | ]; try exact (fun _ => I);
    intros E; simpl; rewrite E.
  - exact (ax_4 f).
  - exact (ax_5 f).
  - exact (rigid_neg _ (ax_4 f)).
  - exact (rigid_neg _ (ax_5 f)).
Qed.

(** [h]: that the conclusion is false; it contradicts that [x] is true at every
    world, which is what the clause says where the rest is false. *)
Lemma modal_rest_sound : forall den nodes x h, agrees nodes den ->
  Prov (Impl (Box (deny den (flip x))) (Impl h Bot)) ->
  forall c (T : theory), T h -> assume (deny den x) (necessary T) (clash den c) ->
  given (fun r => T (clash den r)) (modal_rest nodes x c).
Proof.
  intros den nodes x h A P c; induction c as [ | l c IH ]; intros T H X.
  - exact (by2 T _ _ _ P (reject den (necessary T) x X) H).
  - simpl; generalize (pos_eqb_equal l x); destruct (Pos.eqb l x); intros E.
    + apply (IH T H), (drop den (assume _ (necessary T)) l c X).
      rewrite E; exact (self _ _).
    + generalize (is_modal_rigid den nodes l A).
      destruct (is_modal nodes l); intros R; [ | exact I ].
      set (U := assume (deny den l) T); generalize (IH U (weaken T _ _ H)).
      destruct (modal_rest nodes x c) as [ r | ]; intros Y; [ apply Y | exact I ].
      apply (drop den (assume _ (necessary U)) l c); [ exact (weaken T _ _ X) | ].
      exact (weaken (necessary U) _ _ (by1 U _ _ R (self T _))).
Qed.

Lemma necessitate_sound : forall den nodes c i, agrees nodes den -> good_nodes den nodes ->
  valid den c -> given (valid den) (necessitate nodes c i).
Proof.
  intros den nodes c i A G V; unfold necessitate; generalize (A i), (G i).
  destruct (get None i nodes) as [ [ f l | f l x | f l x ] | ]; try (intros; exact I);
    intros E [ _ D ]; simpl in E, D.
  - assert (P : Prov (Impl (Box (deny den (flip x))) (Impl (deny den (xO i)) Bot))).
    { simpl; rewrite E; set (T := assume (Box (deny den (flip x))) theorems).
      set (U := assume (Neg (Box f)) T); apply (absurd U (Box f) (self T _)).
      exact (weaken T _ _ (yes _ _ _ D (necessary T) (self theorems _))). }
    set (T := assume (deny den (xO i)) theorems).
    generalize (modal_rest_sound den nodes x _ A P c T (self theorems _)
      (thm (assume _ (necessary T)) _ V)).
    destruct (modal_rest nodes x c); exact (fun X => X).
  - apply denotes_flip in D.
    assert (P : Prov (Impl (Box (deny den (flip (flip x)))) (Impl (deny den (xI i)) Bot))).
    { simpl; rewrite E; set (T := assume (Box (deny den (flip (flip x)))) theorems).
      set (U := assume (Dia f) T).
      apply (absurd U (Box (Neg f))).
      - exact (by1 U _ _ (ax_dual_l f) (self T _)).
      - exact (weaken T _ _ (yes _ _ _ D (necessary T) (self theorems _))). }
    set (T := assume (deny den (xI i)) theorems).
    generalize (modal_rest_sound den nodes (flip x) _ A P c T (self theorems _)
      (thm (assume _ (necessary T)) _ V)).
    destruct (modal_rest nodes (flip x) c); exact (fun X => X).
Qed.

(** *** The whole certificate *)
Lemma nothing_falsified : forall den T, falsified den T Leaf.
Proof. exact (fun _ _ _ => I). Qed.

Lemma derive_sound : forall den nodes cs st, agrees nodes den -> good_nodes den nodes ->
  good_clauses den cs -> given (valid den) (derive nodes cs st).
Proof.
  intros den nodes cs [ c hints | premise i ] A G C; simpl.
  - generalize (rup_clause_sound den cs C hints c theorems Leaf (nothing_falsified _ _)).
    destruct hints as [ | h hints ].
    + generalize (tautology_sound den c theorems Leaf (nothing_falsified _ _)).
      destruct (tautology c Leaf); exact (fun X _ => X).
    + destruct (rup cs _ _); exact (fun X => X).
  - generalize (C premise); destruct (get None premise cs) as [ c | ]; [ | exact (fun X => X) ].
    exact (necessitate_sound den nodes c i A G).
Qed.

Lemma run_sound : forall den nodes, agrees nodes den -> good_nodes den nodes ->
  forall ss s last, good_clauses den (clauses s) ->
  given (valid den) last -> given (valid den) (run nodes s ss last).
Proof.
  intros den nodes A G ss; induction ss as [ | st ss IH ]; intros s last C L; [ exact L | simpl ].
  generalize (derive_sound den nodes (clauses s) st A G C).
  destruct (derive nodes (clauses s) st) as [ c | ]; intros V; [ | exact I ].
  exact (IH (push s c) (Some c) (push_sound den s c C V) V).
Qed.

Lemma all_equal_sound : forall den (T : theory) l, T (deny den l) ->
  forall c, T (clash den c) -> when (all_equal l c) (T Bot).
Proof.
  intros den T l L c; induction c as [ | k c IH ]; intros X; [ exact X | simpl ].
  generalize (pos_eqb_equal k l); destruct (Pos.eqb k l); intros E; [ | exact I ].
  destruct E; exact (IH (drop den T k c X L)).
Qed.

Lemma check_proof_when : forall f p, when (check_proof f p) (Prov f).
Proof.
  intros f [ t ss ]; unfold check_proof; simpl.
  assert (H := read_table_sound t 1 Leaf {| clauses := Leaf; next := 1 |} None
    (fun den _ => Sound Leaf {| clauses := Leaf; next := 1 |} None den (fun _ => I) (fun _ => I) I)).
  destruct (read_table _ _ _ _ _) as [ [ [nodes s] root ] | ]; [ | exact I ].
  generalize (form_eqb_equal (meaning root) f).
  destruct (form_eqb (meaning root) f); [ intros [] | exact (fun _ => I) ].
  set (den := fun i => match get None i nodes with Some n => meaning n | None => Bot end).
  assert (A : agrees nodes den).
  { intros i; unfold den; destruct (get None i nodes); [ exact eq_refl | exact I ]. }
  destruct (H den A) as [ G C [ D _ ] ].
  generalize (run_sound den nodes A G ss s None C I).
  destruct (run nodes s ss None) as [ c | ]; intros V; [ | exact I ].
  set (T := assume (deny den (lit root)) theorems).
  generalize (all_equal_sound den T _ (self theorems _) c (thm T _ V)).
  destruct (all_equal (lit root) c); [ | exact (fun X => X) ].
  intros X; exact (yes _ _ _ D theorems (reject den theorems _ X)).
Qed.

Theorem check_proof_sound : forall f p, check_proof f p = true -> Prov f.
Proof. intros f p; exact (when_true _ _ (check_proof_when f p)). Qed.
