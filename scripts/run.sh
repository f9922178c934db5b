#!/bin/bash
# Shows the whole appliance at work: a throw-away regtest home, a payment by an independent wallet
# program, its signature, its log entry, its receipt. On a terminal the appliance stays up at the end.
. "$(dirname "$0")/lib.sh"

case "$BUILD" in /*) cli="$BUILD/portcullis" ;; *) cli="$PWD/$BUILD/portcullis" ;; esac
words="abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
passphrase="only for show"
folder="$(mktemp -d "${TMPDIR:-/tmp}/portcullis-run.XXXXXX")"
home="$folder/home"
export PORTCULLIS_HOME="$home"
supervisor=

finish() {
    if [ -n "$supervisor" ]; then
        kill -TERM "$supervisor" 2> /dev/null || true
        wait "$supervisor" 2> /dev/null || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

title() { printf '\n== %s\n' "$*"; }
# json FILE FIELD: one text field of a JSON document.
field() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

title "What this machine gives"
"$cli" doctor

title "A new home on regtest, restored from the BIP-39 test words (nobody's money)"
echo "The policy is policies/examples/regtest-open.toml."
"$cli" init --network regtest --policy policies/examples/regtest-open.toml \
    --mnemonic-fd 3 --passphrase-fd 4 3<<< "$words" 4<<< "$passphrase"

title "Signer, gate and front, each confined"
mkfifo "$folder/ready"
"$cli" up --passphrase-fd 4 4<<< "$passphrase" > "$folder/ready" &
supervisor=$!
read -r line < "$folder/ready" || true
[ "${line:-}" = ready ] || die "run: the appliance did not come up"
"$cli" status

for name in segwit taproot; do
    psbt="demo/payment-$name.psbt"
    out="$folder/$name"

    title "A payment from wallet $name, made by BDK and embit, with its parents: $psbt"
    "$cli" psbt inspect "$psbt"

    title "The answer"
    echo "The signer recomputed every amount, the policy allowed it, the log entry came first;"
    echo "the front verified each signature against the coin that it spends."
    "$cli" sign "$psbt" --finalize -o "$out.hex" --json > "$out.json"

    title "The receipt, verified offline, without the home"
    (unset PORTCULLIS_HOME && "$cli" audit receipt "$out.hex.receipt" --vkey "$(cat "$home/public/log.vkey")")
    echo
    echo "The transaction, ready to be broadcast: $(field "$out.json" txid)"
    cat "$out.hex"
done

title "The same request again: the same signatures, nothing charged"
"$cli" sign demo/payment-segwit.psbt --finalize -o "$folder/again.hex"
cmp "$folder/segwit.hex" "$folder/again.hex" && echo "The two transactions are the same, byte for byte."

title "The whole log"
sleep 2 # the gate publishes what it wrote within a second
"$cli" audit verify
"$cli" audit show

title "How each process is confined now, as the kernel says"
"$cli" status

if [ -t 0 ] && [ -t 1 ]; then
    title "The appliance stays up"
    cat <<WORDS
In another terminal:
  export PORTCULLIS_HOME=$home
  $cli wallet address segwit
  $cli sign $PWD/demo/payment-taproot.psbt -o /tmp/signed.psbt
  $cli status
  $cli --help
Ctrl-C stops it and removes the home.
WORDS
    trap 'exit 0' INT TERM
    wait "$supervisor"
else
    title "Stopping"
    kill -TERM "$supervisor"
    wait "$supervisor"
    supervisor=
    echo "Signer, gate and front have ended; the throw-away home is removed."
fi
