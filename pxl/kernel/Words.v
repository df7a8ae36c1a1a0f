(** * Text as an array of machine words

    An array literal of words is what Coq reads fastest. Nine characters make a
    word, least significant first; NUL ends the text. Word [i] is written less [i]:
    Coq keeps a term's constants in a hash table by their low bits, where text
    repeats itself (half a million words took 9 s to read, and now 4 s). No
    theorem uses this file: it makes texts, which the checkers then judge.

    [Print Assumptions] of an answer whose text is unpacked lists these eight
    primitives, and nothing else may be listed: [PrimInt63.int], [PrimInt63.add],
    [PrimInt63.land], [PrimInt63.lsr], [PrimInt63.ltb], [array], [array_get],
    [array_length]. The arrays are declared here since [PArray] would load all of
    [Uint63] and [ZArith]: twice the time and memory with which a session starts,
    and a dozen axioms that nothing here needs. *)

From Coq Require Import Init.Byte PrimInt63.

Set Universe Polymorphism.
Primitive array := #array_type.
Primitive array_get : forall A, array A -> int -> A := #array_get.
Primitive array_length : forall A, array A -> int := #array_length.
Unset Universe Polymorphism.

(** As the standard library's notation, but read without an [option]: a tenth faster. *)
Definition word_of (x : pos_neg_int63) : int := match x with Pos w | Neg w => w end.
Number Notation int word_of printer : uint63_scope.
Delimit Scope uint63_scope with uint63.
Local Open Scope uint63_scope.

(** The characters in order. *)
Definition ascii : array byte :=
 [|x00; x01; x02; x03; x04; x05; x06; x07;
   x08; x09; x0a; x0b; x0c; x0d; x0e; x0f;
   x10; x11; x12; x13; x14; x15; x16; x17;
   x18; x19; x1a; x1b; x1c; x1d; x1e; x1f;
   x20; x21; x22; x23; x24; x25; x26; x27;
   x28; x29; x2a; x2b; x2c; x2d; x2e; x2f;
   x30; x31; x32; x33; x34; x35; x36; x37;
   x38; x39; x3a; x3b; x3c; x3d; x3e; x3f;
   x40; x41; x42; x43; x44; x45; x46; x47;
   x48; x49; x4a; x4b; x4c; x4d; x4e; x4f;
   x50; x51; x52; x53; x54; x55; x56; x57;
   x58; x59; x5a; x5b; x5c; x5d; x5e; x5f;
   x60; x61; x62; x63; x64; x65; x66; x67;
   x68; x69; x6a; x6b; x6c; x6d; x6e; x6f;
   x70; x71; x72; x73; x74; x75; x76; x77;
   x78; x79; x7a; x7b; x7c; x7d; x7e; x7f
 | x00 |].

Definition character (w : int) (k : list byte) : list byte :=
  match array_get _ ascii (land w 127) with x00 => nil | c => c :: k end.

(** The nine characters of [w], from bit [7 * n] on, in front of [k]. *)
Definition word (w : int) (k : list byte) : list byte :=
  let at_ n k := character (lsr w n) k in
  at_ 0 (at_ 7 (at_ 14 (at_ 21 (at_ 28 (at_ 35 (at_ 42 (at_ 49 (at_ 56 k)))))))).

(** Words [i] to [i + 2 ^ height - 1], as far as there are any, in front of [k]. *)
Fixpoint words (a : array int) (height : nat) (size i : int) (k : list byte) : list byte :=
  if ltb i (array_length _ a) then
    match height with
    | O => word (add (array_get _ a i) i) k
    | S height =>
        let half := lsr size 1 in
        words a height half i (words a height half (add i half) k)
    end
  else k.

(** Up to [2 ^ 22] words; an array cannot have more. *)
Definition unpack (a : array int) : list byte := words a 22 4194304 0 nil.
Arguments unpack a%uint63.

