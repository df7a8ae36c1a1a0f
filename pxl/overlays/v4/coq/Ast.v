(** * The JSON that stands for a formula

    An atom is its number, and everything else an operator with the list of its
    parts. What is written is read back as the same formula. *)

From Coq Require Import List PArith.
From PXLV4 Require Import Syntax.
Import ListNotations.

Inductive op : Type :=
| OTop | OBot | ONot | OAnd | OOr | OImplies | OIff | OBox | ODia
| OXor | ONand | ONor | OImplied | OStrict | OContingent | OAll | OAny.

Inductive json : Type :=
| Leaf (p : positive)
| Object (o : op) (args : list json).

Fixpoint encode (f : form4) : json :=
  match f with
  | Atom4 p => Leaf p
  | Top4 => Object OTop []
  | Bot4 => Object OBot []
  | Neg4 a => Object ONot [encode a]
  | Conj4 a b => Object OAnd [encode a; encode b]
  | Disj4 a b => Object OOr [encode a; encode b]
  | Impl4 a b => Object OImplies [encode a; encode b]
  | Iff4 a b => Object OIff [encode a; encode b]
  | Box4 a => Object OBox [encode a]
  | Dia4 a => Object ODia [encode a]
  | Xor4 a b => Object OXor [encode a; encode b]
  | Nand4 a b => Object ONand [encode a; encode b]
  | Nor4 a b => Object ONor [encode a; encode b]
  | Implied4 a b => Object OImplied [encode a; encode b]
  | Strict4 a b => Object OStrict [encode a; encode b]
  | Contingent4 a => Object OContingent [encode a]
  | All4 l => Object OAll (map encode l)
  | Any4 l => Object OAny (map encode l)
  end.

Definition constructor (o : op) (parts : list form4) : option form4 :=
  match o, parts with
  | OTop, [] => Some Top4
  | OBot, [] => Some Bot4
  | ONot, [a] => Some (Neg4 a)
  | OAnd, [a; b] => Some (Conj4 a b)
  | OOr, [a; b] => Some (Disj4 a b)
  | OImplies, [a; b] => Some (Impl4 a b)
  | OIff, [a; b] => Some (Iff4 a b)
  | OBox, [a] => Some (Box4 a)
  | ODia, [a] => Some (Dia4 a)
  | OXor, [a; b] => Some (Xor4 a b)
  | ONand, [a; b] => Some (Nand4 a b)
  | ONor, [a; b] => Some (Nor4 a b)
  | OImplied, [a; b] => Some (Implied4 a b)
  | OStrict, [a; b] => Some (Strict4 a b)
  | OContingent, [a] => Some (Contingent4 a)
  | OAll, l => Some (All4 l)
  | OAny, l => Some (Any4 l)
  | _, _ => None
  end.

Fixpoint decode (j : json) : option form4 :=
  match j with
  | Leaf p => Some (Atom4 p)
  | Object o args =>
      let parts := (fix each (l : list json) : option (list form4) :=
        match l with
        | [] => Some []
        | a :: r =>
            match decode a, each r with
            | Some b, Some s => Some (b :: s)
            | _, _ => None
            end
        end) args in
      match parts with Some l => constructor o l | None => None end
  end.

Lemma decode_parts : forall l, Forall (fun f => decode (encode f) = Some f) l ->
  (fix each (l : list json) : option (list form4) :=
     match l with
     | [] => Some []
     | a :: r =>
         match decode a, each r with
         | Some b, Some s => Some (b :: s)
         | _, _ => None
         end
     end) (map encode l) = Some l.
Proof.
  intros l H; induction H as [ | f l E _ IH ]; simpl; [ reflexivity | ].
  rewrite E, IH; reflexivity.
Qed.

Theorem decode_encode : forall f, decode (encode f) = Some f.
Proof.
  apply form4_induction.
  - intros f; destruct f; try exact I; reflexivity.
  - intros f a E; destruct f; try exact I; intros <-; simpl; rewrite E; reflexivity.
  - intros f a b Ea Eb; destruct f; try exact I; intros <- <-; simpl; rewrite Ea, Eb; reflexivity.
  - intros l H; simpl; rewrite (decode_parts l H); reflexivity.
  - intros l H; simpl; rewrite (decode_parts l H); reflexivity.
Qed.

Theorem encode_inj : forall f g, encode f = encode g -> f = g.
Proof.
  intros f g E; apply (f_equal decode) in E; rewrite !decode_encode in E.
  injection E as E; exact E.
Qed.
