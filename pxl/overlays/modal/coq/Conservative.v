(** * Overlays prove nothing new in the language that they start from

    An overlay adds relations to a setting. If every model of the smaller setting
    can be expanded to one of the larger, then a formula that speaks of the old
    relations only and follows in the larger setting follows in the smaller one:
    the addition is harmless. Each preset is; and the setting of one S5 relation is
    the kernel. *)

From Coq Require Import List PArith Bool.
From PXL Require Form Prov Semantics Soundness Completeness.
From PXLModal Require Import Syntax Semantics Clausal Soundness Countermodel Frames.
Import ListNotations.
Local Open Scope positive_scope.

(** ** Expansions

    [old]: the relations of the smaller setting. *)
Fixpoint speaks (old : positive -> bool) (f : mform) : bool :=
  match f with
  | Atom _ | Bot => true
  | Neg a => speaks old a
  | Conj a b | Disj a b | Impl a b | Iff a b => if speaks old a then speaks old b else false
  | Box r a | Dia r a => if old r then speaks old a else false
  end.

(** [M], with [E] for the new relations. *)
Definition expand (old : positive -> bool) (M : model)
    (E : positive -> world M -> world M -> Prop) : model :=
  Model (world M) (fun r => if old r then access M r else E r) (holds M).

Lemma expand_sat : forall old M E f, speaks old f = true ->
  forall w, sat (expand old M E) w f <-> sat M w f.
Proof.
  intros old M E f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IHf g IHg | r f IH | r f IH ]; intros S w; simpl in *.
  - split; exact (fun X => X).
  - split; exact (fun X => X).
  - rewrite (IH S w); split; exact (fun X => X).
  - destruct (both _ _ S) as [ A B ]; rewrite (IHf A w), (IHg B w); split; exact (fun X => X).
  - destruct (both _ _ S) as [ A B ]; rewrite (IHf A w), (IHg B w); split; exact (fun X => X).
  - destruct (both _ _ S) as [ A B ]; rewrite (IHf A w), (IHg B w); split; exact (fun X => X).
  - destruct (both _ _ S) as [ A B ]; rewrite (IHf A w), (IHg B w); split; exact (fun X => X).
  - destruct (both _ _ S) as [ A B ]; rewrite A.
    split; intros H u R; [ exact (proj1 (IH B u) (H u R)) | exact (proj2 (IH B u) (H u R)) ].
  - destruct (both _ _ S) as [ A B ]; rewrite A.
    split; intros (u & R & H); exists u;
      [ exact (conj R (proj1 (IH B u) H)) | exact (conj R (proj2 (IH B u) H)) ].
Qed.

Definition harmless (old : positive -> bool) (S S' : setting) : Prop :=
  forall M, decided M -> frame S M ->
  exists E, decided (expand old M E) /\ frame S' (expand old M E).

Theorem conservative : forall old S S', harmless old S S' -> forall global local f,
  (forall g, In g global -> speaks old g = true) ->
  (forall d, In d local -> speaks old d = true) -> speaks old f = true ->
  Entails S' global local f -> Entails S global local f.
Proof.
  intros old S S' H global local f SG SL SF X M D F G w L; destruct (H M D F) as (E & D' & F').
  apply (expand_sat old M E f SF w), X; [ exact D' | exact F' | | ].
  - exact (fun g J u => proj2 (expand_sat old M E g (SG g J) u) (G g J u)).
  - exact (fun d J => proj2 (expand_sat old M E d (SL d J) w) (L d J)).
Qed.

(** And it loses nothing. *)
Theorem monotone : forall S S', (forall M, frame S' M -> frame S M) -> forall global local f,
  Entails S global local f -> Entails S' global local f.
Proof. exact (fun S S' H global local f X M D F => X M D (H M F)). Qed.

(** ** New relations that are the identity

    A box of the identity can be left out, so the expansion is decided. *)
Fixpoint forget (old : positive -> bool) (f : mform) : mform :=
  match f with
  | Atom p => Atom p
  | Bot => Bot
  | Neg a => Neg (forget old a)
  | Conj a b => Conj (forget old a) (forget old b)
  | Disj a b => Disj (forget old a) (forget old b)
  | Impl a b => Impl (forget old a) (forget old b)
  | Iff a b => Iff (forget old a) (forget old b)
  | Box r a => if old r then Box r (forget old a) else forget old a
  | Dia r a => if old r then Dia r (forget old a) else forget old a
  end.

Definition with_identity (old : positive -> bool) (M : model) : model :=
  expand old M (fun _ w u => w = u).

Lemma forget_sat : forall old M f w,
  sat (with_identity old M) w f <-> sat M w (forget old f).
Proof.
  intros old M f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IHf g IHg | r f IH | r f IH ]; intros w; simpl.
  - split; exact (fun X => X).
  - split; exact (fun X => X).
  - rewrite IH; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - destruct (old r); simpl; split.
    + exact (fun H u R => proj1 (IH u) (H u R)).
    + exact (fun H u R => proj2 (IH u) (H u R)).
    + exact (fun H => proj1 (IH w) (H w eq_refl)).
    + intros H u <-; exact (proj2 (IH w) H).
  - destruct (old r); simpl; split.
    + exact (fun '(ex_intro _ u (conj R H)) => ex_intro _ u (conj R (proj1 (IH u) H))).
    + exact (fun '(ex_intro _ u (conj R H)) => ex_intro _ u (conj R (proj2 (IH u) H))).
    + intros (u & <- & H); exact (proj1 (IH w) H).
    + exact (fun H => ex_intro _ w (conj eq_refl (proj2 (IH w) H))).
Qed.

Lemma identity_decided : forall old M, decided M -> decided (with_identity old M).
Proof.
  intros old M D w f; destruct (D w (forget old f)) as [ H | H ].
  - exact (or_introl (proj2 (forget_sat old M f w) H)).
  - exact (or_intror (fun X => H (proj1 (forget_sat old M f w) X))).
Qed.

(** The identity is of every class. *)
Lemma identity_class : forall l W, class l (fun w u : W => w = u).
Proof.
  intros l W; set (R := fun w u : W => w = u).
  assert (H : reflexive R) by exact (fun w => eq_refl).
  assert (Y : symmetric R) by (intros w u E; exact (eq_sym E)).
  assert (A : transitive R) by (intros w u v E F; exact (eq_trans E F)).
  assert (X : euclidean R) by (intros w u v E F; exact (eq_trans (eq_sym E) F)).
  pose proof (reflexive_serial R H) as N; destruct l; simpl; auto.
Qed.

(** *** When that does

    The new relations have any logics; the relations in which they are included,
    or that lead back from them, are new or reflexive. [add_identity] says so; a
    preset passes by computation. *)
Definition mentions (S : setting) (r : positive) : bool :=
  some (List.map fst (logics S)) (Pos.eqb r).

Definition outside (old : positive -> bool) (S : setting) (x : positive * positive) : bool :=
  if old (fst x) then false
  else if old (snd x) then known (logics S) (snd x) Reflexive else true.

Definition inside (old : positive -> bool) (l : list (positive * positive)) : bool :=
  for_all (fun x => if old (fst x) then old (snd x) else false) l.

Definition extend_setting (S N : setting) : setting :=
  Setting (logics S ++ logics N) (included S ++ included N) (converse S ++ converse N).

Definition add_identity (S N : setting) : bool :=
  let old := mentions S in
  if inside old (included S) then
    if inside old (converse S) then
      if for_all (fun x => negb (old (fst x))) (logics N) then
        if for_all (outside old S) (included N) then for_all (outside old S) (converse N)
        else false
      else false
    else false
  else false.

Lemma mentions_logics : forall S r l, In (r, l) (logics S) -> mentions S r = true.
Proof.
  intros [ ls i c ] r l; unfold mentions; simpl; induction ls as [ | [s k] ls IH ]; [ intros [] | ].
  intros [ E | J ]; simpl; [ injection E as -> ->; rewrite Pos.eqb_refl; exact eq_refl | ].
  rewrite (IH J); destruct (Pos.eqb r s); exact eq_refl.
Qed.

Lemma outside_sound : forall M S, frame S M -> forall r s, outside (mentions S) S (r, s) = true ->
  mentions S r = false
  /\ (mentions S s = false \/ mentions S s = true /\ reflexive (access M s)).
Proof.
  intros M S F r s; unfold outside; simpl.
  destruct (mentions S r); [ discriminate | intros E; split; [ exact eq_refl | revert E ] ].
  destruct (mentions S s); [ intros E; right; split; [ exact eq_refl | ] | left; exact eq_refl ].
  exact (Form.when_true _ _ (known_sound (logics S) (frame_logic S M F) s Reflexive) E).
Qed.

Theorem identity_harmless : forall S N, add_identity S N = true ->
  harmless (mentions S) S (extend_setting S N).
Proof.
  intros S N E M D F; destruct (both _ _ E) as [ OI E1 ]; destruct (both _ _ E1) as [ OC E2 ].
  destruct (both _ _ E2) as [ NL E3 ]; destruct (both _ _ E3) as [ NI NC ].
  exists (fun _ w u => w = u); split; [ exact (identity_decided _ M D) | ].
  assert (old : forall l, inside (mentions S) l = true -> forall r s, In (r, s) l ->
    mentions S r = true /\ mentions S s = true).
  { intros l X r s J; exact (both _ _ (for_all_true _ _ _ X (r, s) J)). }
  split.
  - intros r l J; apply in_app_or in J; destruct J as [ J | J ]; simpl.
    + rewrite (mentions_logics S r l J); exact (frame_logic S M F r l J).
    + generalize (for_all_true _ _ _ NL (r, l) J); simpl.
      destruct (mentions S r); [ discriminate | intros _; exact (identity_class l (world M)) ].
  - intros r s J w u; apply in_app_or in J; destruct J as [ J | J ]; simpl.
    + destruct (old _ OI r s J) as [ -> -> ]; exact (frame_included S M F r s J w u).
    + destruct (outside_sound M S F r s (for_all_true _ _ _ NI (r, s) J))
        as [ -> [ -> | [ -> H ] ] ].
      * exact (fun X => X).
      * intros <-; exact (H w).
  - intros r s J w u; apply in_app_or in J; destruct J as [ J | J ]; simpl.
    + destruct (old _ OC r s J) as [ -> -> ]; exact (frame_converse S M F r s J w u).
    + destruct (outside_sound M S F r s (for_all_true _ _ _ NC (r, s) J))
        as [ -> [ -> | [ -> H ] ] ].
      * exact (fun X => eq_sym X).
      * intros <-; exact (H w).
Qed.

(** ** The presets

    Relation 1 is the S5 necessity of the kernel. *)
Definition kernel : setting := single S5.

(** [n] relations from number [r] on. *)
Fixpoint agents (l : logic) (n : nat) (r : positive) : list (positive * logic) :=
  match n with O => [] | Datatypes.S n => (r, l) :: agents l n (Pos.succ r) end.

(** All of them included in [s]; [r] included in all of them. *)
Definition toward (s : positive) (l : list (positive * logic)) : list (positive * positive) :=
  List.map (fun x => (fst x, s)) l.
Definition below (r : positive) (l : list (positive * logic)) : list (positive * positive) :=
  List.map (fun x => (r, fst x)) l.

(** [themi]: [n] kinds of duty, of KD or another logic, with "ought implies can":
    what ought to be is so at some possible world. *)
Definition themi (l : logic) (n : nat) : setting :=
  extend_setting kernel (Setting (agents l n 2) (toward 1 (agents l n 2)) []).

(** [doxa]: agents with beliefs, independent of one another. *)
Definition doxa (l : logic) (n : nat) : setting :=
  extend_setting kernel (Setting (agents l n 2) [] []).

Lemma agents_new : forall l n r, r <> 1 ->
  for_all (fun x => negb (mentions kernel (fst x))) (agents l n r) = true.
Proof.
  intros l n; induction n as [ | n IH ]; intros r H; [ exact eq_refl | ].
  generalize (IH _ (Pos.succ_not_1 r)); destruct r; [ exact (fun X => X) | exact (fun X => X) | ].
  destruct (H eq_refl).
Qed.

Lemma agents_toward : forall l n r, r <> 1 ->
  for_all (outside (mentions kernel) kernel) (toward 1 (agents l n r)) = true.
Proof.
  intros l n; induction n as [ | n IH ]; intros r H; [ exact eq_refl | ].
  generalize (IH _ (Pos.succ_not_1 r)); destruct r; [ exact (fun X => X) | exact (fun X => X) | ].
  destruct (H eq_refl).
Qed.

Theorem themi_harmless : forall l n, harmless (mentions kernel) kernel (themi l n).
Proof.
  intros l n; apply identity_harmless; unfold add_identity; simpl logics; simpl included.
  rewrite (agents_new l n 2), (agents_toward l n 2) by discriminate; exact eq_refl.
Qed.

Theorem doxa_harmless : forall l n, harmless (mentions kernel) kernel (doxa l n).
Proof.
  intros l n; apply identity_harmless; unfold add_identity; simpl logics; simpl included.
  rewrite (agents_new l n 2); [ exact eq_refl | discriminate ].
Qed.

(** [gnosi]: agents with knowledge, of any reflexive logic, are [doxa] again; and
    to them what they know together can be added, relation 2, which is included in
    what each of them cannot tell apart. *)
Definition knowers (l : logic) (n : nat) : setting := Setting ((1, S5) :: agents l n 3) [] [].

Definition gnosi (l : logic) (n : nat) : setting :=
  extend_setting (knowers l n) (Setting [(2, l)] (below 2 (agents l n 3)) []).

Lemma agents_above : forall l n s r, Pos.lt s r ->
  some (List.map fst (agents l n r)) (Pos.eqb s) = false.
Proof.
  intros l n s; induction n as [ | n IH ]; intros r H; [ exact eq_refl | simpl ].
  destruct (Pos.eqb_spec s r) as [ E | _ ]; [ rewrite E in H; destruct (Pos.lt_irrefl r H) | ].
  exact (IH _ (Pos.lt_lt_succ s r H)).
Qed.

Lemma agents_known : forall l p s n r, knows l p = true ->
  some (List.map fst (agents l n r)) (Pos.eqb s) = true -> known (agents l n r) s p = true.
Proof.
  intros l p s n; induction n as [ | n IH ]; intros r K; [ discriminate | simpl ].
  rewrite K; destruct (Pos.eqb s r); [ exact (fun _ => eq_refl) | exact (IH _ K) ].
Qed.

Lemma knowers_known : forall l n s, knows l Reflexive = true ->
  mentions (knowers l n) s = true -> known (logics (knowers l n)) s Reflexive = true.
Proof.
  intros l n s K; unfold mentions; pose proof (agents_known l Reflexive s n 3 K) as H.
  destruct s; [ exact H | exact H | exact (fun _ => eq_refl) ].
Qed.

Theorem gnosi_harmless : forall l n, knows l Reflexive = true ->
  harmless (mentions (knowers l n)) (knowers l n) (gnosi l n).
Proof.
  intros l n K; apply identity_harmless.
  assert (N : mentions (knowers l n) 2 = false) by exact (agents_above l n 2 3 eq_refl).
  assert (X : forall a, for_all (outside (mentions (knowers l n)) (knowers l n))
    (below 2 a) = true).
  { intros a; induction a as [ | [s k] a IH ]; [ exact eq_refl | simpl ].
    unfold outside at 1; simpl fst; simpl snd; rewrite N.
    destruct (mentions (knowers l n) s) eqn:E; [ | exact IH ].
    rewrite (knowers_known l n s K E); exact IH. }
  unfold add_identity; simpl included; simpl converse; simpl logics.
  rewrite (X (agents l n 3)); simpl; rewrite N; exact eq_refl.
Qed.

(** [tense]: relation 2 leads back where relation 1 goes, and the other way round.
    A logic suits if the converse of each of its relations has it too. Here the
    expansion is decided by excluded middle. *)
Definition reversible (l : logic) : Prop :=
  forall W (R : W -> W -> Prop), class l R -> class l (fun w u => R u w).

Lemma reversible_logics : reversible K /\ reversible T /\ reversible B /\ reversible KB
  /\ reversible K4 /\ reversible S4 /\ reversible KB4 /\ reversible S5.
Proof.
  assert (A : forall W (R : W -> W -> Prop), transitive R -> transitive (fun w u => R u w)).
  { exact (fun W R H w u v P Q => H v u w Q P). }
  assert (Y : forall W (R : W -> W -> Prop), symmetric R -> symmetric (fun w u => R u w)).
  { exact (fun W R H w u => H u w). }
  repeat split; try exact I; simpl in *; unfold reflexive in *; firstorder.
Qed.

Definition tense (l : logic) : setting :=
  extend_setting (single l) (Setting [(2, l)] [] [(1, 2); (2, 1)]).

Theorem tense_harmless : (forall P : Prop, P \/ ~ P) ->
  forall l, reversible l -> harmless (mentions (single l)) (single l) (tense l).
Proof.
  intros X l V M D F; exists (fun _ w u => access M 1 u w); split.
  { exact (fun w f => X (sat _ w f)). }
  pose proof (single_frame l M F) as C; split.
  - intros r k [ E | [ E | [] ] ]; injection E as <- <-; [ exact C | exact (V _ _ C) ].
  - intros r s [].
  - intros r s [ E | [ E | [] ] ]; injection E as <- <-; intros w u R; exact R.
Qed.

(** ** One S5 relation: the kernel *)
Fixpoint embed (f : Form.form) : mform :=
  match f with
  | Form.Atom p => Atom p
  | Form.Bot => Bot
  | Form.Neg a => Neg (embed a)
  | Form.Conj a b => Conj (embed a) (embed b)
  | Form.Disj a b => Disj (embed a) (embed b)
  | Form.Impl a b => Impl (embed a) (embed b)
  | Form.Iff a b => Iff (embed a) (embed b)
  | Form.Box a => Box 1 (embed a)
  | Form.Dia a => Dia 1 (embed a)
  end.

Definition one (M : model) : PXL.Semantics.model :=
  PXL.Semantics.Model (world M) (access M 1) (holds M).

Lemma embed_sat : forall M f w, sat M w (embed f) <-> PXL.Semantics.sat (one M) w f.
Proof.
  intros M f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IHf g IHg | f IH | f IH ]; intros w; simpl.
  - split; exact (fun X => X).
  - split; exact (fun X => X).
  - rewrite IH; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - rewrite IHf, IHg; split; exact (fun X => X).
  - split; intros H u R; [ exact (proj1 (IH u) (H u R)) | exact (proj2 (IH u) (H u R)) ].
  - split; intros (u & R & H); exists u;
      [ exact (conj R (proj1 (IH u) H)) | exact (conj R (proj2 (IH u) H)) ].
Qed.

(** All relations as the one of the kernel. *)
Fixpoint flatten (f : mform) : Form.form :=
  match f with
  | Atom p => Form.Atom p
  | Bot => Form.Bot
  | Neg a => Form.Neg (flatten a)
  | Conj a b => Form.Conj (flatten a) (flatten b)
  | Disj a b => Form.Disj (flatten a) (flatten b)
  | Impl a b => Form.Impl (flatten a) (flatten b)
  | Iff a b => Form.Iff (flatten a) (flatten b)
  | Box _ a => Form.Box (flatten a)
  | Dia _ a => Form.Dia (flatten a)
  end.

Lemma flatten_embed : forall f, flatten (embed f) = f.
Proof. intros f; induction f; simpl; congruence. Qed.

(** The worlds of a finite universal model. *)
Definition universal (m : list PXL.Semantics.valuation) : model :=
  Model {v | In v m} (fun _ _ _ => True) (fun v p => proj1_sig v p = true).

Lemma is_eval : forall m f (v : world (universal m)),
  is (PXL.Semantics.eval m (proj1_sig v) (flatten f)) (sat (universal m) v f).
Proof.
  intros m f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IHf g IHg | r f IH | r f IH ]; intros v.
  - exact (is_true _).
  - exact (fun X => X).
  - exact (is_neg _ _ (IH v)).
  - exact (is_conj _ _ _ _ (IHf v) (IHg v)).
  - exact (is_disj _ _ _ _ (IHf v) (IHg v)).
  - exact (is_impl _ _ _ _ (IHf v) (IHg v)).
  - generalize (is_iff _ _ _ _ (IHf v) (IHg v)); simpl.
    destruct (PXL.Semantics.eval m _ (flatten f)), (PXL.Semantics.eval m _ (flatten g));
      exact (fun X => X).
  - simpl; destruct (forallb _ m) eqn:E.
    + intros [u J] _; generalize (IH (exist _ u J)); simpl.
      rewrite (proj1 (forallb_forall _ m) E u J); exact (fun X => X).
    + intros X; assert (Y : forallb (fun u => PXL.Semantics.eval m u (flatten f)) m = true);
        [ | rewrite Y in E; discriminate E ].
      apply forallb_forall; intros u J; generalize (IH (exist _ u J)), (X (exist _ u J) I); simpl.
      destruct (PXL.Semantics.eval m u (flatten f)); [ exact (fun _ _ => eq_refl) | ].
      intros N Z; destruct (N Z).
  - simpl; destruct (existsb _ m) eqn:E.
    + apply existsb_exists in E; destruct E as (u & J & T); exists (exist _ u J).
      generalize (IH (exist _ u J)); simpl; rewrite T; exact (conj I).
    + intros ([u J] & _ & X).
      assert (Y : existsb (fun u => PXL.Semantics.eval m u (flatten f)) m = true);
        [ | rewrite Y in E; discriminate E ].
      apply existsb_exists; exists u; split; [ exact J | ].
      generalize (IH (exist _ u J)); simpl.
      destruct (PXL.Semantics.eval m u (flatten f)); [ exact (fun _ => eq_refl) | ].
      intros N; destruct (N X).
Qed.

(** A kernel formula is a theorem of the kernel exactly when it is valid here. *)
Theorem s5_kernel : forall f, Prov.Prov f <-> Valid S5 (embed f).
Proof.
  intros f; split.
  - intros P; apply valid_class; intros M D C w; apply embed_sat.
    apply (PXL.Soundness.soundness f P (one M) C); intros u g.
    destruct (D u (embed g)) as [ H | H ].
    + exact (or_introl (proj1 (embed_sat M g u) H)).
    + exact (or_intror (fun X => H (proj2 (embed_sat M g u) X))).
  - intros V; apply Completeness.completeness; intros m v J.
    assert (H : sat (universal m) (exist _ v J) (embed f)).
    { apply (proj1 (valid_class S5 (embed f)) V).
      - intros u g; generalize (is_eval m g u).
        destruct (PXL.Semantics.eval m _ _); [ exact (@or_introl _ _) | exact (@or_intror _ _) ].
      - split; [ | split ]; exact (fun _ => I) || exact (fun _ _ _ => I)
          || exact (fun _ _ _ _ _ => I). }
    generalize (is_eval m (embed f) (exist _ v J)); rewrite flatten_embed; simpl.
    destruct (PXL.Semantics.eval m v f); [ exact (fun _ => eq_refl) | ].
    intros N; destruct (N H).
Qed.

(** So no preset over the kernel proves a kernel formula that the kernel does not. *)
Lemma embed_speaks : forall f, speaks (mentions kernel) (embed f) = true.
Proof.
  intros f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IHf g IHg | f IH | f IH ]; simpl;
    rewrite ?IH, ?IHf, ?IHg; exact eq_refl.
Qed.

Theorem kernel_conservative : forall S, harmless (mentions kernel) kernel S ->
  forall f, Entails S [] [] (embed f) -> Prov.Prov f.
Proof.
  intros S H f E; apply s5_kernel, (conservative _ _ _ H [] [] (embed f)).
  - intros g [].
  - intros g [].
  - exact (embed_speaks f).
  - exact E.
Qed.
