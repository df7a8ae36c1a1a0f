(** * Clausal proofs are sound

    Straight in the models: a clause is valid when no world denies all of its
    literals. The proofs are short terms, as the kernel's [Form] asks for: each
    answer is followed by a walk through all of them. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLModal Require Import Syntax Semantics Clausal.
Import ListNotations.

Definition has (p : property) {W} (R : W -> W -> Prop) : Prop :=
  match p with
  | Serial => serial R
  | Reflexive => reflexive R
  | Symmetric => symmetric R
  | Transitive => transitive R
  | Euclidean => euclidean R
  end.

Lemma serial_of_reflexive : forall W (R : W -> W -> Prop), reflexive R -> serial R.
Proof. exact (fun W R H w => ex_intro _ w (H w)). Qed.

Lemma euclidean_of : forall W (R : W -> W -> Prop), symmetric R -> transitive R -> euclidean R.
Proof. exact (fun W R Y A w u v P Q => A u w v (Y w u P) Q). Qed.

Lemma knows_sound : forall l p W (R : W -> W -> Prop), class l R -> when (knows l p) (has p R).
Proof.
  intros l p W R; destruct p, l; try exact (fun _ => I); try exact (fun H => H);
    try exact (fun H => proj1 H); try exact (fun H => proj2 H);
    try exact (fun H => proj1 (proj2 H)); try exact (fun H => proj2 (proj2 H));
    try exact (fun H => serial_of_reflexive W R H);
    try exact (fun H => serial_of_reflexive W R (proj1 H));
    try exact (fun H => euclidean_of W R (proj1 H) (proj2 H)).
  exact (fun H => euclidean_of W R (proj1 (proj2 H)) (proj2 (proj2 H))).
Qed.

Lemma eqb_equal : forall b c, when (eqb b c) (b = c).
Proof. intros [ ] [ ]; first [ exact eq_refl | exact I ]. Qed.

Lemma same_equal : forall s b a, when (same s b a) ((s, b) = a).
Proof.
  intros s b [t c]; exact (when_equal2 _ _ _ (@Datatypes.pair positive bool) _ _ s t b c
    (pos_eqb_equal s t) (eqb_equal b c)).
Qed.

(** Tests that are made of tests. *)
Lemma when_impl : forall (b : bool) (P Q : Prop), (P -> Q) -> when b P -> when b Q.
Proof. intros [ ] P Q H; [ exact H | exact (fun X => X) ]. Qed.

Lemma when_or : forall (b c : bool) (P : Prop), when b P -> when c P ->
  when (if b then true else c) P.
Proof. intros [ ] c P; [ exact (fun X _ => X) | exact (fun _ X => X) ]. Qed.

Lemma when_and : forall (b c : bool) (P Q R : Prop), (P -> Q -> R) -> when b P -> when c Q ->
  when (if b then c else false) R.
Proof. intros [ ] [ ] P Q R H X Y; [ exact (H X Y) | exact I | exact I | exact I ]. Qed.

Lemma when_intro : forall (b : bool) (P : Prop), (b = true -> P) -> when b P.
Proof. intros [ ] P H; [ exact (H eq_refl) | exact I ]. Qed.

Lemma when_same : forall (P : positive -> Prop) (c : bool) x y, when c (P y) ->
  when (if Pos.eqb x y then c else false) (P x).
Proof.
  intros P c x y; generalize (pos_eqb_equal x y); destruct (Pos.eqb x y);
    [ intros ->; exact (fun X => X) | exact (fun _ _ => I) ].
Qed.

Lemma when_same' : forall (P : positive -> Prop) (c : bool) x y, when c (P x) ->
  when (if Pos.eqb x y then c else false) (P y).
Proof.
  intros P c x y; generalize (pos_eqb_equal x y); destruct (Pos.eqb x y);
    [ intros ->; exact (fun X => X) | exact (fun _ _ => I) ].
Qed.

Definition given {A} (P : A -> Prop) (o : option A) : Prop :=
  match o with Some x => P x | None => True end.

Local Arguments knows : simpl never.

(** ** Relations *)
Definition of_class (M : model) (ls : list (positive * logic)) : Prop :=
  forall r l, In (r, l) ls -> class l (access M r).

Lemma of_class_tail : forall {M} x ls, of_class M (x :: ls) -> of_class M ls.
Proof. exact (fun M x ls H r l J => H r l (in_cons x (r, l) ls J)). Qed.

Lemma known_sound : forall {M} ls, of_class M ls ->
  forall r p, when (known ls r p) (has p (access M r)).
Proof.
  intros M ls; induction ls as [ | [s l] ls IH ]; intros H r p; [ exact I | ].
  apply when_or; [ | exact (IH (of_class_tail _ _ H) r p) ].
  exact (when_same (fun r => has p (access M r)) _ r s
    (knows_sound l p _ _ (H s l (in_eq _ ls)))).
Qed.

Definition leads (M : model) (r : positive) (a : arrow) : Prop :=
  forall w u, access M r w u ->
    if snd a then access M (fst a) w u else access M (fst a) u w.

Fixpoint led (M : model) (r : positive) (l : list arrow) : Prop :=
  match l with [] => True | a :: l => leads M r a /\ led M r l end.

Lemma member_sound : forall {M} r s b l, led M r l -> when (member s b l) (leads M r (s, b)).
Proof.
  intros M r s b l; induction l as [ | a l IH ]; [ exact (fun _ => I) | intros [ A L ] ].
  exact (when_or _ _ _ (when_impl _ _ _ (fun E => eq_ind_r (leads M r) A E) (same_equal s b a))
    (IH L)).
Qed.

Lemma leads_on : forall {M} r s b a, leads M r (s, b) -> leads M s a ->
  leads M r (fst a, eqb b (snd a)).
Proof.
  intros M r s [ ] [t [ ]] P Q w u R.
  - exact (Q w u (P w u R)).
  - exact (Q w u (P w u R)).
  - exact (Q u w (P w u R)).
  - exact (Q u w (P w u R)).
Qed.

Lemma follow_sound : forall {M} r b e l, leads M (fst e) (snd e) -> led M r l ->
  led M r (follow b e l).
Proof.
  intros M r b e l E L; unfold follow; generalize (member_sound r (fst e) b l L).
  destruct (member (fst e) b l); [ intros X | exact (fun _ => L) ].
  unfold include; destruct (member _ _ l); [ exact L | ].
  exact (conj (leads_on r _ b _ X E) L).
Qed.

Fixpoint all_lead (M : model) (es : list (positive * arrow)) : Prop :=
  match es with [] => True | e :: es => leads M (fst e) (snd e) /\ all_lead M es end.

Lemma extend_sound : forall {M} r es l, all_lead M es -> led M r l -> led M r (extend es l).
Proof.
  intros M r es; induction es as [ | e es IH ]; intros l A L; [ exact L | destruct A as [ E A ] ].
  exact (IH _ A (follow_sound r _ e _ E (follow_sound r _ e l E L))).
Qed.

Lemma close_sound : forall {M} r es, all_lead M es ->
  forall fuel l, led M r l -> led M r (close fuel es l).
Proof.
  intros M r es A fuel; induction fuel as [ | e fuel IH ]; intros l L; [ exact L | simpl ].
  destruct (as_long l (extend es l)); [ exact L | exact (IH _ (extend_sound r es l A L)) ].
Qed.

Lemma mirrors_sound : forall {M} k, all_lead M k ->
  forall ls, of_class M ls -> all_lead M (mirrors ls k).
Proof.
  intros M k A ls; induction ls as [ | [r l] ls IH ]; intros H; [ exact A | simpl ].
  generalize (knows_sound l Symmetric _ _ (H r l (in_eq _ ls))), (IH (of_class_tail _ _ H)).
  destruct (knows l Symmetric); [ exact (fun Y J => conj Y J) | exact (fun _ J => J) ].
Qed.

Lemma arrows_sound : forall {M} b k, all_lead M k -> forall l,
  (forall r s, In (r, s) l -> leads M r (s, b)) -> all_lead M (arrows b l k).
Proof.
  intros M b k A l; induction l as [ | [r s] l IH ]; intros H; [ exact A | ].
  exact (conj (H r s (in_eq _ l)) (IH (fun p q J => H p q (in_cons _ (p, q) l J)))).
Qed.

Lemma reach_sound : forall {M} S, frame S M -> forall r, led M r (reach S r).
Proof.
  intros M S [ L N C ] r; apply close_sound.
  - apply mirrors_sound; [ | exact L ].
    apply arrows_sound; [ | exact N ].
    exact (arrows_sound false [] I _ C).
  - exact (conj (fun w u R => R) I).
Qed.

Definition all_reflexive (M : model) (s : set) : Prop :=
  forall r, when (mem r s) (reflexive (access M r)).

Lemma add_targets_sound : forall {M} r, reflexive (access M r) -> forall l, led M r l ->
  forall s, all_reflexive M s -> all_reflexive M (add_targets l s).
Proof.
  intros M r H l; induction l as [ | [t b] l IH ]; [ exact (fun _ s A => A) | ].
  intros [ X L ] s A; apply (IH L).
  refine (put_all _ false true (fun r b => when b (reflexive (access M r))) t s _ A).
  destruct b; exact (fun w => X w w (H w)).
Qed.

Lemma add_reflexive_sound : forall {M} S, frame S M -> forall ls, of_class M ls ->
  forall s, all_reflexive M s -> all_reflexive M (add_reflexive S ls s).
Proof.
  intros M S F ls; induction ls as [ | [r l] ls IH ]; intros H s A; [ exact A | simpl ].
  apply (IH (of_class_tail _ _ H)).
  generalize (knows_sound l Reflexive _ _ (H r l (in_eq _ ls))).
  destruct (knows l Reflexive); [ intros X | exact (fun _ => A) ].
  exact (add_targets_sound r X _ (reach_sound S F r) s A).
Qed.

Lemma reflexives_sound : forall {M} S, frame S M -> all_reflexive M (reflexives S).
Proof.
  exact (fun M S F => add_reflexive_sound S F _ (frame_logic S M F) Leaf (fun _ => I)).
Qed.

(** ** Clauses

    A model, and what gives each node its formula. [deny w l] says that [l] is
    false at [w]. There are no sections here: Coq would abstract each proof anew
    whenever it lists assumptions. *)
Record reading : Type := Reading {
  of :> model;
  dec : decided of;
  den : positive -> mform
}.

Definition deny (Q : reading) (w : world Q) (l : positive) : Prop :=
  match l with xO v => ~ sat Q w (den Q v) | xI v => sat Q w (den Q v) | xH => True end.

Fixpoint denied (Q : reading) (w : world Q) (c : clause) : Prop :=
  match c with [] => True | l :: c => deny Q w l /\ denied Q w c end.

Definition valid (Q : reading) (c : clause) : Prop := forall w, ~ denied Q w c.

Fixpoint all_valid (Q : reading) (cs : list clause) : Prop :=
  match cs with [] => True | c :: cs => valid Q c /\ all_valid Q cs end.

Lemma reject : forall {Q} w l, ~ deny Q w l -> deny Q w (flip l).
Proof.
  intros Q w [ v | v | ] N; [ exact N | | exact I ].
  destruct (dec Q w (den Q v)) as [ H | H ]; [ exact H | destruct (N H) ].
Qed.

(** The literal [l] stands for [f]. *)
Record denotes (Q : reading) (l : positive) (f : mform) : Prop := Denotes {
  no : forall w, deny Q w l -> ~ sat Q w f;
  yes : forall w, deny Q w (flip l) -> sat Q w f;
  if_false : forall w, ~ sat Q w f -> deny Q w l;
  if_true : forall w, sat Q w f -> deny Q w (flip l)
}.
Arguments no {Q l f}.
Arguments yes {Q l f}.
Arguments if_false {Q l f}.
Arguments if_true {Q l f}.

Lemma denotes_node : forall {Q} i f, den Q i = f -> denotes Q (xO i) f.
Proof.
  intros Q i f []; exact (Denotes Q (xO i) _ (fun w H => H) (fun w H => H)
    (fun w H => H) (fun w H => H)).
Qed.

Lemma flip_flip : forall l, flip (flip l) = l.
Proof. intros [ v | v | ]; exact eq_refl. Qed.

Lemma denotes_flip : forall {Q} l f, denotes Q l f -> denotes Q (flip l) (Neg f).
Proof.
  intros Q l f [ N Y F T ]; split.
  - exact (fun w H J => J (Y w H)).
  - rewrite flip_flip; exact N.
  - intros w H; apply T; destruct (dec Q w f) as [ J | J ]; [ exact J | destruct (H J) ].
  - rewrite flip_flip; exact F.
Qed.

(** ** Defining clauses *)
Lemma first : forall {Q w a c}, denied Q w (a :: c) -> deny Q w a.
Proof. exact (fun Q w a c X => proj1 X). Qed.

Lemma others : forall {Q w a c}, denied Q w (a :: c) -> denied Q w c.
Proof. exact (fun Q w a c X => proj2 X). Qed.

Lemma valid2 : forall {Q} a b,
  (forall w, deny Q w a -> deny Q w b -> False) -> valid Q [a; b].
Proof. exact (fun Q a b H w X => H w (first X) (first (others X))). Qed.

Lemma valid3 : forall {Q} a b c,
  (forall w, deny Q w a -> deny Q w b -> deny Q w c -> False) -> valid Q [a; b; c].
Proof.
  exact (fun Q a b c H w X => H w (first X) (first (others X)) (first (others (others X)))).
Qed.

(** What the truth of a formula has to do with that of its parts. Stated apart, with
    types that are given: what Coq infers is [sat] unfolded. *)
Lemma conj_left : forall {M} {w : world M} {f g}, sat M w (Conj f g) -> sat M w f.
Proof. exact (fun M w f g => @proj1 (sat M w f) (sat M w g)). Qed.

Lemma conj_right : forall {M} {w : world M} {f g}, sat M w (Conj f g) -> sat M w g.
Proof. exact (fun M w f g => @proj2 (sat M w f) (sat M w g)). Qed.

Lemma conj_both : forall {M} {w : world M} {f g}, sat M w f -> sat M w g -> sat M w (Conj f g).
Proof. exact (fun M w f g => @conj (sat M w f) (sat M w g)). Qed.

Lemma disj_left : forall {M} {w : world M} {f g}, sat M w f -> sat M w (Disj f g).
Proof. exact (fun M w f g => @or_introl (sat M w f) (sat M w g)). Qed.

Lemma disj_right : forall {M} {w : world M} {f g}, sat M w g -> sat M w (Disj f g).
Proof. exact (fun M w f g => @or_intror (sat M w f) (sat M w g)). Qed.

Lemma disj_none : forall {M} {w : world M} {f g},
  ~ sat M w f -> ~ sat M w g -> ~ sat M w (Disj f g).
Proof. exact (fun M w f g => @or_ind (sat M w f) (sat M w g) False). Qed.

Lemma impl_false : forall {M} {w : world M} {f g}, ~ sat M w f -> sat M w (Impl f g).
Proof. exact (fun M w f g N H => False_ind (sat M w g) (N H)). Qed.

Lemma impl_true : forall {M} {w : world M} {f g}, sat M w g -> sat M w (Impl f g).
Proof. exact (fun M w f g H _ => H). Qed.

Lemma iff_left : forall {M} {w : world M} {f g},
  sat M w (Iff f g) -> sat M w f -> ~ sat M w g -> False.
Proof.
  exact (fun M w f g E H N => N (@proj1 (sat M w f -> sat M w g) (sat M w g -> sat M w f) E H)).
Qed.

Lemma iff_right : forall {M} {w : world M} {f g},
  sat M w (Iff f g) -> ~ sat M w f -> sat M w g -> False.
Proof.
  exact (fun M w f g E N H => N (@proj2 (sat M w f -> sat M w g) (sat M w g -> sat M w f) E H)).
Qed.

Lemma iff_both : forall {M} {w : world M} {f g},
  (sat M w f -> sat M w g) -> (sat M w g -> sat M w f) -> sat M w (Iff f g).
Proof. exact (fun M w f g => @conj (sat M w f -> sat M w g) (sat M w g -> sat M w f)). Qed.

Lemma dia_seen_at : forall {M} {w : world M} {f r} u,
  access M r w u -> sat M u f -> sat M w (Dia r f).
Proof.
  exact (fun M w f r u R H => ex_intro (fun u => access M r w u /\ sat M u f) u (conj R H)).
Qed.

Lemma dia_ind : forall {M} {w : world M} {f r} {P : Prop},
  (forall u, access M r w u -> sat M u f -> P) ->
  sat M w (Dia r f) -> P.
Proof.
  exact (fun M w f r P H D => @ex_ind (world M) (fun u => access M r w u /\ sat M u f) P
    (fun u X => H u (@proj1 (access M r w u) (sat M u f) X)
      (@proj2 (access M r w u) (sat M u f) X)) D).
Qed.

Lemma conj_sound : forall {Q} i x y f g, denotes Q x f -> denotes Q y g ->
  denotes Q (xO i) (Conj f g) -> all_valid Q (conj_clauses i x y).
Proof.
  intros Q i x y f g X Y V; exact (conj
    (valid2 _ _ (fun w v s => no X w s (conj_left (yes V w v)))) (conj
    (valid2 _ _ (fun w v t => no Y w t (conj_right (yes V w v)))) (conj
    (valid3 _ _ _ (fun w v s t => no V w v (conj_both (yes X w s) (yes Y w t))))
    I))).
Qed.

Lemma disj_sound : forall {Q} i x y f g, denotes Q x f -> denotes Q y g ->
  denotes Q (xO i) (Disj f g) -> all_valid Q (disj_clauses i x y).
Proof.
  intros Q i x y f g X Y V; exact (conj
    (valid2 _ _ (fun w v s => no V w v (disj_left (yes X w s)))) (conj
    (valid2 _ _ (fun w v t => no V w v (disj_right (yes Y w t)))) (conj
    (valid3 _ _ _ (fun w v s t => disj_none (no X w s) (no Y w t) (yes V w v)))
    I))).
Qed.

Lemma impl_sound : forall {Q} i x y f g, denotes Q x f -> denotes Q y g ->
  denotes Q (xO i) (Impl f g) -> all_valid Q (impl_clauses i x y).
Proof.
  intros Q i x y f g X Y V; exact (conj
    (valid2 _ _ (fun w v s => no V w v (impl_false (no X w s)))) (conj
    (valid2 _ _ (fun w v t => no V w v (impl_true (yes Y w t)))) (conj
    (valid3 _ _ _ (fun w v s t => no Y w t (yes V w v (yes X w s))))
    I))).
Qed.

Lemma iff_sound : forall {Q} i x y f g, denotes Q x f -> denotes Q y g ->
  denotes Q (xO i) (Iff f g) -> all_valid Q (iff_clauses i x y).
Proof.
  intros Q i x y f g X Y V; exact (conj
    (valid3 _ _ _ (fun w v s t => iff_left (yes V w v) (yes X w s) (no Y w t))) (conj
    (valid3 _ _ _ (fun w v s t => iff_right (yes V w v) (no X w s) (yes Y w t))) (conj
    (valid3 _ _ _ (fun w v s t =>
      no V w v (iff_both (impl_false (no X w s)) (impl_false (no Y w t))))) (conj
    (valid3 _ _ _ (fun w v s t =>
      no V w v (iff_both (impl_true (yes Y w t)) (impl_true (yes X w s)))))
    I)))).
Qed.

(** ** Nodes *)
Record good (Q : reading) (n : node) : Prop := Good {
  good_lit : denotes Q (lit n) (meaning n);
  good_child :
    match n with Plain _ _ => True | Boxed _ f _ c | Diamond _ f _ c => denotes Q c f end
}.
Arguments good_lit {Q n}.
Arguments good_child {Q n}.

Definition good_nodes (Q : reading) (nodes : map node) : Prop :=
  forall i, given (good Q) (get None i nodes).

Definition good_clauses (Q : reading) (cs : map clause) : Prop :=
  forall i, given (valid Q) (get None i cs).

(** What [describe] says of node [i] is right. *)
Definition described (Q : reading) (i : positive) (o : option (node * list clause)) : Prop :=
  match o with
  | Some (n, cs) => den Q i = meaning n -> good Q n /\ all_valid Q cs
  | None => True
  end.

Lemma binary_sound : forall {Q} nodes, good_nodes Q nodes -> forall i a b op k,
  (forall x y f g, denotes Q x f -> denotes Q y g -> denotes Q (xO i) (op f g) ->
    all_valid Q (k i x y)) ->
  described Q i (binary nodes i a b op k).
Proof.
  intros Q nodes G i a b op k H; unfold binary; generalize (G a).
  destruct (get None a nodes) as [ n | ]; [ intros N | exact (fun _ => I) ]; generalize (G b).
  destruct (get None b nodes) as [ m | ]; [ intros J E | exact (fun _ => I) ].
  exact (conj (Good Q (Plain _ _) (denotes_node i _ E) I)
    (H _ _ _ _ (good_lit N) (good_lit J) (denotes_node i _ E))).
Qed.

Lemma unary_sound : forall {Q} nodes, good_nodes Q nodes -> forall i a k,
  (forall n, denotes Q (lit n) (meaning n) -> described Q i (Some (k n))) ->
  described Q i (unary nodes a k).
Proof.
  intros Q nodes G i a k H; unfold unary; generalize (G a).
  destruct (get None a nodes) as [ n | ]; [ | exact (fun _ => I) ].
  exact (fun N => H n (good_lit N)).
Qed.

Lemma describe_sound : forall {Q : reading} refl, all_reflexive Q refl ->
  forall nodes, good_nodes Q nodes -> forall i e, described Q i (describe refl nodes i e).
Proof.
  intros Q refl R nodes G i [ p | | a | a b | a b | a b | a b | r a | r a ].
  - exact (fun E => conj (Good Q (Plain _ _) (denotes_node i _ E) I) I).
  - exact (fun E => let V := denotes_node i Bot E in
      conj (Good Q (Plain _ _) V I) (conj (fun w X => yes V w (proj1 X)) I)).
  - apply (unary_sound nodes G); exact (fun n N _ =>
      conj (Good Q (Plain _ _) (denotes_flip _ _ N) I) I).
  - exact (binary_sound nodes G i a b Conj _ (conj_sound i)).
  - exact (binary_sound nodes G i a b Disj _ (disj_sound i)).
  - exact (binary_sound nodes G i a b Impl _ (impl_sound i)).
  - exact (binary_sound nodes G i a b Iff _ (iff_sound i)).
  - apply (unary_sound nodes G); intros n N E.
    pose (V := denotes_node i (Box r (meaning n)) E).
    refine (conj (Good Q (Boxed _ _ _ _) V N) _); generalize (R r).
    destruct (mem r refl); [ | exact (fun _ => I) ].
    exact (fun H => conj (valid2 _ _ (fun w v s => no N w s (yes V w v w (H w)))) I).
  - apply (unary_sound nodes G); intros n N E.
    pose (V := denotes_node i (Dia r (meaning n)) E).
    refine (conj (Good Q (Diamond _ _ _ _) V N) _); generalize (R r).
    destruct (mem r refl); [ | exact (fun _ => I) ].
    exact (fun H => conj (valid2 _ _ (fun w v s =>
      no V w v (dia_seen_at w (H w) (yes N w s)))) I).
Qed.

Lemma push_sound : forall {Q} s c, good_clauses Q (clauses s) -> valid Q c ->
  good_clauses Q (clauses (push s c)).
Proof.
  intros Q s c G V; exact (put_all _ None (Some c) (fun _ => given (valid Q)) _ _ V G).
Qed.

Lemma push_all_sound : forall {Q} cs s, good_clauses Q (clauses s) -> all_valid Q cs ->
  good_clauses Q (clauses (push_all s cs)).
Proof.
  intros Q cs; induction cs as [ | c cs IH ]; intros s G A; [ exact G | destruct A as [ V A ] ].
  exact (IH (push s c) (push_sound s c G V) A).
Qed.

(** ** Unit propagation *)
Definition falsified (Q : reading) (w : world Q) (s : set) : Prop :=
  forall l, when (mem l s) (deny Q w l).

Lemma falsified_add : forall {Q} w l s, deny Q w l -> falsified Q w s ->
  falsified Q w (add l s).
Proof.
  intros Q w l s; exact (put_all _ false true (fun l b => when b (deny Q w l)) l s).
Qed.

Lemma falsified_all : forall {Q} w c s, denied Q w c -> falsified Q w s ->
  falsified Q w (add_all c s).
Proof.
  intros Q w c; induction c as [ | l c IH ]; intros s A F; [ exact F | destruct A as [ L A ] ].
  exact (IH _ A (falsified_add w l s L F)).
Qed.

Lemma only_sound : forall {Q} w l s, falsified Q w s -> deny Q w l ->
  forall c, when (only l s c) (denied Q w c).
Proof.
  intros Q w l s F L c; induction c as [ | k c IH ]; [ exact I | simpl; generalize (F k) ].
  destruct (mem k s); [ exact (fun N => when_impl _ _ _ (conj N) IH) | intros _ ].
  exact (when_same (fun k => deny Q w k /\ denied Q w c) _ k l (when_impl _ _ _ (conj L) IH)).
Qed.

Lemma propagate_sound : forall {Q} w s, falsified Q w s -> forall c, ~ denied Q w c ->
  match propagate s c with
  | Conflict => False
  | Unit l => deny Q w (flip l)
  | Stuck => True
  end.
Proof.
  intros Q w s F c; induction c as [ | l c IH ]; intros X; [ exact (X I) | simpl ].
  generalize (F l); destruct (mem l s); intros L; [ exact (IH (fun H => X (conj L H))) | ].
  generalize (fun H => only_sound w l s F H c); destruct (only l s c); [ | exact (fun _ => I) ].
  exact (fun H => reject w l (fun J => X (conj J (H J)))).
Qed.

Lemma rup_sound : forall {Q} cs, good_clauses Q cs -> forall w hints s,
  falsified Q w s -> when (rup cs s hints) False.
Proof.
  intros Q cs G w hints; induction hints as [ | h hints IH ]; intros s F; [ exact I | simpl ].
  generalize (G h); destruct (get None h cs) as [ c | ]; intros V; [ | exact I ].
  generalize (propagate_sound w s F c (V w)).
  destruct (propagate s c) as [ | l | ]; intros X; [ exact X | | exact I ].
  exact (IH _ (falsified_add w _ s X F)).
Qed.

Lemma tautology_sound : forall {Q} w c s, falsified Q w s -> denied Q w c ->
  when (tautology c s) False.
Proof.
  intros Q w c; induction c as [ | l c IH ]; intros s F A; [ exact I | ].
  destruct A as [ L A ]; simpl.
  generalize (IH _ (falsified_add w l s L F) A); intros H.
  destruct l as [ v | v | ]; [ generalize (F (xO v)) | generalize (F (xI v)) | exact H ].
  - destruct (mem (xO v) s); [ exact (fun N => N L) | exact (fun _ => H) ].
  - destruct (mem (xI v) s); [ exact L | exact (fun _ => H) ].
Qed.

(** A test that finds a contradiction wherever [c] is denied makes [c] valid. *)
Lemma refuted : forall {Q} (b : bool) c,
  (forall w, denied Q w c -> when b False) -> when b (valid Q c).
Proof. intros Q [ ] c H; [ exact H | exact I ]. Qed.

(** ** The successor rule *)
Definition agrees (Q : reading) (nodes : map node) : Prop :=
  forall i, given (fun n => den Q i = meaning n) (get None i nodes).

Definition seen (Q : reading) (v : view) (w : world Q) (l : positive) : Prop :=
  match v with
  | Every r x =>
      (deny Q w l -> exists u, access Q r w u /\ deny Q u x)
      /\ (forall u, access Q r w u -> deny Q u x -> deny Q w l)
  | Exists r x =>
      (deny Q w l -> forall u, access Q r w u -> deny Q u x)
      /\ ((forall u, access Q r w u -> deny Q u x) -> deny Q w l)
  | Other => True
  end.

Lemma box_seen : forall {Q} r k x f w, denotes Q k (Box r f) -> denotes Q x f ->
  seen Q (Every r x) w k.
Proof.
  intros Q r k x f w V X; split.
  - intros B; destruct (dec Q w (Dia r (Neg f))) as [ E | N ].
    + exact (dia_ind (f := Neg f) (fun u R J => ex_intro _ u (conj R (if_false X u J))) E).
    + destruct (no V w B); intros u R; destruct (dec Q u f) as [ J | J ]; [ exact J | ].
      destruct (N (dia_seen_at (f := Neg f) u R J)).
  - exact (fun u R N => if_false V w (fun B => no X u N (B u R))).
Qed.

Lemma not_box_seen : forall {Q} r k x f w, denotes Q k (Box r f) -> denotes Q x f ->
  seen Q (Exists r (flip x)) w (flip k).
Proof.
  intros Q r k x f w V X; split.
  - exact (fun B u R => if_true X u (yes V w B u R)).
  - exact (fun B => if_true V w (fun u R => yes X u (B u R))).
Qed.

Lemma dia_seen : forall {Q} r k x f w, denotes Q k (Dia r f) -> denotes Q x f ->
  seen Q (Exists r x) w k.
Proof.
  intros Q r k x f w V X; split.
  - exact (fun N u R => if_false X u (fun J => no V w N (dia_seen_at u R J))).
  - exact (fun B => if_false V w (dia_ind (fun u R => no X u (B u R)))).
Qed.

Lemma not_dia_seen : forall {Q} r k x f w, denotes Q k (Dia r f) -> denotes Q x f ->
  seen Q (Every r (flip x)) w (flip k).
Proof.
  intros Q r k x f w V X; split.
  - exact (fun N => dia_ind (fun u R J => ex_intro _ u (conj R (if_true X u J))) (yes V w N)).
  - exact (fun u R N => if_true V w (dia_seen_at u R (yes X u N))).
Qed.

Lemma look_sound : forall {Q} nodes, agrees Q nodes -> good_nodes Q nodes ->
  forall l w, seen Q (look nodes l) w l.
Proof.
  intros Q nodes A G [ v | v | ] w; [ | | exact I ]; simpl; generalize (A v), (G v);
    destruct (get None v nodes) as [ [ f l | r f l x | r f l x ] | ]; try exact (fun _ _ => I).
  - exact (fun E N => not_box_seen r (xO v) x f w (denotes_node v _ E) (good_child N)).
  - exact (fun E N => not_dia_seen r (xO v) x f w (denotes_node v _ E) (good_child N)).
  - exact (fun E N => box_seen r (xO v) x f w (denotes_node v _ E) (good_child N)).
  - exact (fun E N => dia_seen r (xO v) x f w (denotes_node v _ E) (good_child N)).
Qed.

(** A model of the setting, and the nodes of a certificate. *)
Record scene : Type := Scene {
  read :> reading;
  rules : setting;
  framed : frame rules read;
  known_nodes : map node;
  agreed : agrees read known_nodes;
  all_good : good_nodes read known_nodes
}.

(** From a world to a successor. *)
Record move (Z : scene) : Type := Move {
  rel : positive;
  from : world Z;
  to : world Z;
  goes : access Z rel from to
}.
Arguments rel {Z}.
Arguments from {Z}.
Arguments to {Z}.
Arguments goes {Z}.

Definition ways {Z} (X : move Z) : list arrow := reach (rules Z) (rel X).

Lemma known_class : forall (Z : scene) s p,
  when (known (logics (rules Z)) s p) (has p (access Z s)).
Proof. exact (fun Z => known_sound _ (frame_logic (rules Z) Z (framed Z))). Qed.

Lemma view_sound : forall (Z : scene) l w, seen Z (look (known_nodes Z) l) w l.
Proof. exact (fun Z => look_sound _ (agreed Z) (all_good Z)). Qed.

Lemma ahead : forall {Z} (X : move Z) s,
  when (member s true (ways X)) (access Z s (from X) (to X)).
Proof.
  exact (fun Z X s => when_impl _ (leads Z (rel X) (s, true)) _ (fun L => L _ _ (goes X))
    (member_sound _ s true _ (reach_sound (rules Z) (framed Z) (rel X)))).
Qed.

Lemma behind : forall {Z} (X : move Z) s,
  when (member s false (ways X)) (access Z s (to X) (from X)).
Proof.
  exact (fun Z X s => when_impl _ (leads Z (rel X) (s, false)) _ (fun L => L _ _ (goes X))
    (member_sound _ s false _ (reach_sound (rules Z) (framed Z) (rel X)))).
Qed.

Lemma forth_sound : forall {Z} (X : move Z) s, when (forth (rules Z) (ways X) s)
  (forall v, access Z s (to X) v -> access Z s (from X) v).
Proof.
  intros Z X s; exact (when_or _ _ _
    (when_and _ _ _ _ _ (fun P (H : transitive (access Z s)) v => H _ _ v P)
      (ahead X s) (known_class Z s Transitive))
    (when_and _ _ _ _ _ (fun P (H : euclidean (access Z s)) v => H _ _ v P)
      (behind X s) (known_class Z s Euclidean))).
Qed.

Lemma back_sound : forall {Z} (X : move Z) s, when (back (rules Z) (ways X) s)
  (forall v, access Z s (from X) v -> access Z s (to X) v).
Proof.
  intros Z X s; exact (when_or _ _ _
    (when_and _ _ _ _ _ (fun P (H : euclidean (access Z s)) v => H _ _ v P)
      (ahead X s) (known_class Z s Euclidean))
    (when_and _ _ _ _ _ (fun P (H : transitive (access Z s)) v => H _ _ v P)
      (behind X s) (known_class Z s Transitive))).
Qed.

(** What the kinds of pairs come to. *)
Lemma returns_sound : forall {Z} (X : move Z) l k, deny Z (from X) k ->
  when (returns (known_nodes Z) (ways X) l k) (deny Z (to X) l).
Proof.
  intros Z X l k N; unfold returns; generalize (view_sound Z l (to X)).
  destruct (look (known_nodes Z) l) as [ s x | s x | ]; try exact (fun _ => I); intros [ _ H ].
  exact (when_impl _ _ _ (fun P => H _ (proj1 P) (proj2 P))
    (when_same (fun x => access Z s (to X) (from X) /\ deny Z (from X) x) _ x k
      (when_impl _ _ _ (fun P => conj P N) (behind X s)))).
Qed.

Lemma diamond_sound : forall {Z} (X : move Z) s x l k,
  seen Z (Exists s x) (from X) k -> deny Z (from X) k ->
  when (if Pos.eqb x l then member s true (ways X) else false) (deny Z (to X) l).
Proof.
  intros Z X s x l k H N.
  exact (when_same' (deny Z (to X)) _ x l (when_impl _ _ _ (proj1 H N _) (ahead X s))).
Qed.

Lemma forth_pair_sound : forall {Z} (X : move Z) s x l k,
  (forall v, seen Z (Exists s x) v k) -> deny Z (from X) k ->
  when (if Pos.eqb l k then forth (rules Z) (ways X) s else false) (deny Z (to X) l).
Proof.
  intros Z X s x l k H N; exact (when_same (deny Z (to X)) _ l k (when_impl _ _ _
    (fun C => proj2 (H _) (fun v R => proj1 (H _) N v (C v R))) (forth_sound X s))).
Qed.

Lemma back_pair_sound : forall {Z} (X : move Z) s x l k,
  (forall v, seen Z (Every s x) v k) -> deny Z (from X) k ->
  when (if Pos.eqb l k then back (rules Z) (ways X) s else false) (deny Z (to X) l).
Proof.
  intros Z X s x l k H N; exact (when_same (deny Z (to X)) _ l k (when_impl _ _ _
    (fun C => match proj1 (H _) N with
      ex_intro _ v (conj R y) => proj2 (H _) v (C v R) y end) (back_sound X s))).
Qed.

Lemma carried_sound : forall {Z} (X : move Z) l k, deny Z (from X) k ->
  when (carried (rules Z) (known_nodes Z) (ways X) l k) (deny Z (to X) l).
Proof.
  intros Z X l k N; unfold carried; generalize (view_sound Z k).
  destruct (look (known_nodes Z) k) as [ s x | s x | ]; intros H.
  - exact (when_or _ _ _ (back_pair_sound X s x l k H N) (returns_sound X l k N)).
  - exact (when_or _ _ _ (diamond_sound X s x l k (H _) N)
      (when_or _ _ _ (forth_pair_sound X s x l k H N) (returns_sound X l k N))).
  - exact (returns_sound X l k N).
Qed.

(** [k] is a witness: what it is a box of is false at the successor. *)
Definition witnesses {Z} (X : move Z) (k : positive) : Prop :=
  forall l, when (witnessed (known_nodes Z) (rel X) l k) (deny Z (to X) l).

Lemma pair_sound : forall {Z} (X : move Z) o, given (witnesses X) o ->
  forall l k, deny Z (from X) k ->
  when (pair (rules Z) (known_nodes Z) (ways X) (rel X) o l k) (deny Z (to X) l).
Proof.
  intros Z X o O l k N; refine (when_or _ _ _ _ (carried_sound X l k N)).
  destruct o as [ x | ]; [ | exact I ].
  exact (when_same' (fun _ => deny Z (to X) l) _ x k (O l)).
Qed.

Lemma pairs_sound : forall {Z} (X : move Z) o, given (witnesses X) o ->
  forall c d, denied Z (from X) d ->
  when (pairs (rules Z) (known_nodes Z) (ways X) (rel X) o c d) (denied Z (to X) c).
Proof.
  intros Z X o O c; induction c as [ | l c IH ]; intros [ | k d ]; try exact (fun _ => I).
  exact (fun N => when_and _ _ _ _ _ (@conj (deny Z (to X) l) (denied Z (to X) c))
    (pair_sound X o O l k (first N)) (IH d (others N))).
Qed.

(** Then the conclusion is not false at [from]. *)
Lemma move_sound : forall {Z} (X : move Z) o, given (witnesses X) o ->
  forall c d, valid Z c -> denied Z (from X) d ->
  when (pairs (rules Z) (known_nodes Z) (ways X) (rel X) o c d) False.
Proof. exact (fun Z X o O c d V N => when_impl _ _ _ (V (to X)) (pairs_sound X o O c d N)). Qed.

Definition has_witness (Z : scene) (r : positive) (w : world Z) (k : positive) : Prop :=
  exists u, access Z r w u /\ forall l, when (witnessed (known_nodes Z) r l k) (deny Z u l).

Lemma witnessed_sound : forall {Z : scene} r l k w, deny Z w k ->
  when (witnessed (known_nodes Z) r l k) (has_witness Z r w k).
Proof.
  intros Z r l k w N; unfold has_witness, witnessed; generalize (view_sound Z k w).
  destruct (look (known_nodes Z) k) as [ s x | s x | ]; try exact (fun _ => I); intros [ H _ ].
  generalize (pos_eqb_equal s r); destruct (Pos.eqb s r); [ intros <- | exact (fun _ => I) ].
  destruct (Pos.eqb x l); [ | exact I ]; destruct (H N) as (u & R & Y).
  refine (ex_intro _ u (conj R (fun m => _))); generalize (pos_eqb_equal x m).
  destruct (Pos.eqb x m); [ intros <-; exact Y | exact (fun _ => I) ].
Qed.

Lemma witness_sound : forall {Z : scene} r w c d, denied Z w d ->
  given (has_witness Z r w) (witness (known_nodes Z) r c d).
Proof.
  intros Z r w c; induction c as [ | l c IH ]; intros [ | k d ]; try exact (fun _ => I).
  intros [ N E ]; simpl; generalize (witnessed_sound r l k w N).
  destruct (witnessed (known_nodes Z) r l k); [ exact (fun X => X) | exact (fun _ => IH d E) ].
Qed.

Lemma successor_sound : forall {Z : scene} r c d, valid Z c ->
  when (successor (rules Z) (known_nodes Z) r c d) (valid Z d).
Proof.
  intros Z r c d V; apply refuted; intros w N; unfold successor.
  generalize (witness_sound r w c d N).
  destruct (witness (known_nodes Z) r c d) as [ k | ].
  - intros (u & R & Y); exact (move_sound (Move Z r w u R) (Some k) Y c d V N).
  - intros _; generalize (known_class Z r Serial).
    destruct (known (logics (rules Z)) r Serial); [ intros H | exact (fun _ => I) ].
    destruct (H w) as (u & R); exact (move_sound (Move Z r w u R) None I c d V N).
Qed.

(** ** Steps *)
Lemma accepted : forall {Q} c (b : bool), when b (valid Q c) ->
  given (valid Q) (if b then Some c else None).
Proof. intros Q c [ ]; exact (fun V => V). Qed.

Lemma derive_sound : forall {Z : scene} cs, good_clauses Z cs -> forall st,
  given (valid Z) (derive (rules Z) (known_nodes Z) cs st).
Proof.
  intros Z cs C [ c [ | h hints ] | r premise d ].
  - exact (accepted c _ (refuted _ c (fun w => tautology_sound w c Leaf (fun _ => I)))).
  - exact (accepted c _ (refuted _ c (fun w N =>
      rup_sound cs C w _ _ (falsified_all w c Leaf N (fun _ => I))))).
  - simpl; generalize (C premise).
    destruct (get None premise cs) as [ c | ]; [ | exact (fun X => X) ].
    exact (fun V => accepted d _ (successor_sound r c d V)).
Qed.

Lemma run_sound : forall {Z : scene} ss s last, good_clauses Z (clauses s) ->
  given (valid Z) last -> given (valid Z) (run (rules Z) (known_nodes Z) s ss last).
Proof.
  intros Z ss; induction ss as [ | st ss IH ]; intros s last C L; [ exact L | simpl ].
  generalize (derive_sound (clauses s) C st).
  destruct (derive (rules Z) (known_nodes Z) (clauses s) st) as [ c | ]; intros V; [ | exact I ].
  exact (IH (push s c) (Some c) (push_sound s c C V) V).
Qed.

Lemma all_in_sound : forall {Q} w goals, falsified Q w goals -> forall c,
  when (all_in goals c) (denied Q w c).
Proof.
  intros Q w goals F c; induction c as [ | l c IH ]; [ exact I | ].
  exact (when_and _ _ _ _ _ (@conj (deny Q w l) (denied Q w c)) (F l) IH).
Qed.

Lemma check_steps_sound : forall {Z : scene} s, good_clauses Z (clauses s) ->
  forall w goals, falsified Z w goals ->
  forall ss, when (check_steps (rules Z) (known_nodes Z) s goals ss) False.
Proof.
  intros Z s C w goals H ss; unfold check_steps; generalize (run_sound ss s None C I).
  destruct (run _ _ s ss None) as [ c | ]; intros V; [ | exact I ].
  exact (when_impl _ (denied Z w c) _ (V w) (all_in_sound w goals H c)).
Qed.

(** ** Roots *)
Lemma literal_sound : forall {Q} nodes, good_nodes Q nodes -> forall i f,
  given (fun l => denotes Q l f) (literal nodes i f).
Proof.
  intros Q nodes G i f; unfold literal; generalize (G i).
  destruct (get None i nodes) as [ n | ]; [ intros [ N _ ] | exact (fun X => X) ].
  generalize (mform_eqb_equal (meaning n) f); destruct (mform_eqb (meaning n) f);
    [ intros <-; exact N | exact (fun _ => I) ].
Qed.

Lemma assume_all_sound : forall {Q} nodes, good_nodes Q nodes -> forall fs,
  (forall f, In f fs -> forall w, sat Q w f) -> forall is s, good_clauses Q (clauses s) ->
  given (fun o => good_clauses Q (clauses (fst o))) (assume_all nodes fs is s).
Proof.
  intros Q nodes G fs; induction fs as [ | f fs IH ]; intros H is s C; [ exact C | simpl ].
  destruct is as [ | i is ]; [ exact I | generalize (literal_sound nodes G i f) ].
  destruct (literal nodes i f) as [ l | ]; [ intros L | exact (fun X => X) ].
  apply (IH (fun g J => H g (in_cons f g fs J))), (push_sound s [l] C).
  exact (fun w X => no L w (first X) (H f (in_eq f fs) w)).
Qed.

Lemma allow_all_sound : forall {Q} nodes, good_nodes Q nodes -> forall w fs,
  (forall f, In f fs -> sat Q w f) -> forall is goals, falsified Q w goals ->
  given (falsified Q w) (allow_all nodes fs is goals).
Proof.
  intros Q nodes G w fs; induction fs as [ | f fs IH ]; intros H [ | i is ] goals F; try exact I.
  - exact F.
  - simpl; generalize (literal_sound nodes G i f).
    destruct (literal nodes i f) as [ l | ]; [ intros L | exact (fun X => X) ].
    apply (IH (fun g J => H g (in_cons f g fs J))), falsified_add; [ | exact F ].
    exact (if_true L w (H f (in_eq f fs))).
Qed.

Lemma check_roots_sound : forall {Z : scene} s, good_clauses Z (clauses s) ->
  forall global local f p, (forall g, In g global -> forall w, sat Z w g) ->
  forall w, (forall d, In d local -> sat Z w d) ->
  when (check_roots (rules Z) global local f (known_nodes Z) s p) (sat Z w f).
Proof.
  intros Z s C global local f p H w L; unfold check_roots.
  destruct (roots p) as [ | i is ]; [ exact I | generalize (literal_sound _ (all_good Z) i f) ].
  destruct (literal _ i f) as [ l | ]; [ intros N | exact (fun _ => I) ].
  generalize (assume_all_sound _ (all_good Z) global H is s C).
  destruct (assume_all _ global is s) as [ [t js] | ]; [ intros X | exact (fun _ => I) ].
  generalize (fun Y => allow_all_sound _ (all_good Z) w local L js (add l Leaf)
    (falsified_add w l Leaf (if_false N w Y) (fun _ => I))).
  destruct (allow_all _ local js (add l Leaf)) as [ goals | ]; [ intros F | exact (fun _ => I) ].
  destruct (dec Z w f) as [ Y | Y ].
  - exact (when_impl _ _ _ (fun _ => Y) (when_intro _ _ (fun E => E))).
  - exact (when_impl _ _ _ (False_ind _) (check_steps_sound t X w goals (F Y) (steps p))).
Qed.

(** ** The table

    Whatever gives the nodes read so far their formulas makes all good. *)
Definition always_sound {M} (D : decided M) (o : map node * store) : Prop :=
  forall den, let Q := Reading M D den in
  agrees Q (fst o) -> good_nodes Q (fst o) /\ good_clauses Q (clauses (snd o)).

Lemma sound_put : forall {M} (D : decided M) nodes i n cs s,
  get None i nodes = None -> always_sound D (nodes, s) ->
  (forall den, let Q := Reading M D den in
    good_nodes Q nodes -> described Q i (Some (n, cs))) ->
  always_sound D (put None i (Some n) nodes, push_all s cs).
Proof.
  intros M D nodes i n cs s F S H den Q A.
  destruct (S den (put_others _ None (Some n) (fun i => given (fun n => den i = meaning n))
    i nodes F (fun _ => I) A)) as [ G C ].
  generalize (A i); simpl; rewrite get_put_same; intros E; destruct (H den G E) as [ N V ].
  exact (conj (put_all _ None (Some n) (fun _ => given (good Q)) i nodes N G)
    (push_all_sound (Q := Q) cs s C V)).
Qed.

Lemma read_table_sound : forall {M} (D : decided M) refl, all_reflexive M refl ->
  forall t i nodes s, always_sound D (nodes, s) ->
  given (always_sound D) (read_table refl t i nodes s).
Proof.
  intros M D refl R t; induction t as [ | e t IH ]; intros i nodes s S; [ exact S | simpl ].
  generalize (fun n cs F => sound_put D nodes i n cs s F S).
  destruct (get None i nodes); [ exact (fun _ => I) | intros H ].
  generalize (fun den => describe_sound (Q := Reading M D den) refl R nodes).
  intros X; generalize (fun den G => X den G i e).
  destruct (describe refl nodes i e) as [ [n cs] | ]; [ | exact (fun _ => I) ].
  exact (fun Y => IH _ _ _ (H n cs eq_refl Y)).
Qed.

Definition meanings (nodes : map node) (i : positive) : mform :=
  match get None i nodes with Some n => meaning n | None => Bot end.

Lemma meanings_agree : forall M D nodes, agrees (Reading M D (meanings nodes)) nodes.
Proof.
  intros M D nodes i; simpl; unfold meanings.
  destruct (get None i nodes); [ exact eq_refl | exact I ].
Qed.

Lemma check_proof_when : forall S global local f p,
  when (check_proof S global local f p) (Entails S global local f).
Proof.
  intros S global local f p; apply when_intro; intros E M D F H w L; revert E.
  unfold check_proof.
  generalize (read_table_sound D _ (reflexives_sound S F) (table p) 1 Leaf
    {| clauses := Leaf; next := 1 |} (fun den _ => conj (fun _ => I) (fun _ => I))).
  destruct (read_table _ _ _ _ _) as [ [nodes s] | ]; [ intros X | discriminate ].
  destruct (X _ (meanings_agree M D nodes)) as [ G C ].
  exact (when_true _ _ (check_roots_sound
    (Z := Scene (Reading M D (meanings nodes)) S F nodes (meanings_agree M D nodes) G)
    s C global local f p H w L)).
Qed.

Theorem check_proof_sound : forall S global local f p,
  check_proof S global local f p = true -> Entails S global local f.
Proof. intros S global local f p; exact (when_true _ _ (check_proof_when S global local f p)). Qed.
