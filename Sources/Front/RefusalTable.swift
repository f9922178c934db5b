/// The words of every refusal. Three lines each: the name, what its index counts and what its
/// numbers are; what is wrong; what to do. A test holds that no refusal is missing and none is
/// there twice.
extension RefusalWords {
    static let text = """
        malformed-request nothing nothing
          the request is not in the form that the signer reads
          this is a fault of the program that asked; please report it
        unsupported-version nothing number
          the request has a version that the signer does not know
          use front and signer of the same release
        wrong-network nothing number
          the request is for another network than this home's
          use the home that was made for that network
        unsupported-anti-exfil input nothing
          an anti-exfil protocol that there is not
          use front and signer of the same release
        unsupported-replacement nothing nothing
          a kind of replacement that there is not
          use front and signer of the same release
        unsupported-selector input number
          the wallet has no script tree, or the selector is not known
          spend that input by its key or its only script
        too-many-inputs nothing number
          the transaction has too many inputs
          split it into several
        too-many-outputs nothing number
          the transaction has too many outputs
          split it into several
        request-too-large nothing number
          the request is too large
          split the transaction into several
        trailing-bytes nothing number
          bytes were left over behind the request
          this is a fault of the program that asked; please report it
        unknown-wallet nothing number
          the policy has no such wallet
          add the wallet to the policy, or use the home that has it
        mixed-wallets input number
          inputs of more than one wallet in one transaction
          make one transaction for each wallet
        foreign-input input nothing
          this input is not ours
          leave that input out, or sign it with the wallet it belongs to
        index-out-of-range input number
          an address index beyond what the policy permits
          use lower indices, or raise index_max in the policy
        branch-out-of-range input number
          a branch that the wallet does not have
          derive by the wallet's own receive and change branches
        duplicate-input input number
          the same coin is spent twice
          leave one of the two out
        missing-parent input nothing
          the transaction that this input spends from is missing
          let the wallet put the full previous transactions into the PSBT (non_witness_utxo)
        parent-mismatch parent nothing
          a previous transaction is not the one that the input names
          make the PSBT again; whoever made it is wrong or lies
        duplicate-parent parent nothing
          a previous transaction was given twice
          this is a fault of the program that asked; please report it
        unused-parent parent nothing
          a previous transaction that no input spends
          this is a fault of the program that asked; please report it
        malformed-parent parent nothing
          a previous transaction cannot be read
          make the PSBT again
        outpoint-out-of-range input number
          the previous transaction has no such output
          make the PSBT again
        non-canonical-request nothing nothing
          the request is not in its one canonical form
          this is a fault of the program that asked; please report it
        approvals-not-supported nothing nothing
          approvals are not supported
          ask without them
        mixed-selectors input number
          inputs of one transaction are spent in different ways
          spend all by the key path, or all by leaves of the script tree
        unknown-leaf input nothing
          the wallet's script tree has no such leaf at this address
          make the PSBT again with the wallet's own descriptor
        cannot-sign-key-path input nothing
          the key path is not ours to sign
          spend a leaf of the script tree that has a key of ours
        too-much-work nothing number
          checking the request would take the signer too long
          split the transaction into several
        ambiguous-address input nothing
          a key of the address stands for two, or the address is another wallet's as well
          use another index, or the wallet that it belongs to
        too-many-signatures input number
          the transaction takes too many signatures
          split it into several
        legacy-too-large nothing number
          signing this much outside of segwit takes too much work
          split the transaction into several with fewer inputs each
        cannot-sign-leaf input nothing
          the leaf of the script tree has no key of ours
          spend a leaf of the script tree that has a key of ours
        sighash-single-without-output input number
          SIGHASH_SINGLE on an input without an output at its place
          give the transaction an output at the input's place, or sign with SIGHASH_ALL
        anyone-can-pay-inputs input number
          ANYONECANPAY in a request of several inputs
          make one PSBT for each input that is signed with ANYONECANPAY
        anti-exfil-nonce-mismatch nothing nothing
          the host nonce is not the one that the request commits to, or one of the two is missing
          sign with --anti-exfil, and with the --again of an earlier try where there was one
        amount-mismatch input satoshi
          the amount claimed is not that of the coin
          make the PSBT again; whoever made it is wrong or lies
        script-mismatch input nothing
          the coin's script is not what the claimed derivation gives
          leave that input out, or sign it with the wallet it belongs to
        fraudulent-change output nothing
          this output says it is our change, and is not
          do not use this PSBT; whoever made it is wrong or lies
        amount-out-of-range output satoshi
          an amount over 21 million bitcoin
          make the PSBT again
        zero-value output satoshi
          an output without value
          leave it out or give it an amount
        outputs-exceed-inputs nothing satoshi
          the outputs are worth more than the inputs
          lower the outputs or add inputs
        unknown-output-script output nothing
          an output of a kind that has no address
          pay to an address
        data-output-not-permitted output nothing
          an output that carries data
          leave it out
        sighash-not-permitted input number
          a sighash type that there is not for this kind of output
          ask for SIGHASH_ALL, or DEFAULT with taproot
        transaction-version nothing number
          a transaction version that is not permitted
          use version 2 (or 1)
        time-lock nothing number
          a lock time that is not permitted
          use a lock time that has passed
        too-many-change-outputs output number
          more outputs back to us than permitted
          join the change
        leaf-too-large nothing number
          the log entry would be too large
          pay fewer destinations at once
        coinbase-input input nothing
          an input that spends nothing
          make the PSBT again
        nothing-to-sign nothing nothing
          there is no input to sign
          give a PSBT with inputs of ours
        own-output-not-claimed output nothing
          an output that is ours does not say so
          let the wallet add the derivation of its change output
        no-rule-for-wallet nothing nothing
          no rule of the policy permits this wallet to pay
          only a new policy can permit it
        outflow-over-maximum rule satoshi
          more leaves the wallet than the rule permits
          pay less at once, or change the policy
        fee-over-maximum rule satoshi
          the fee is over the rule's maximum
          lower the fee
        feerate-over-maximum rule rate
          the fee rate is over the rule's maximum
          lower the fee rate
        destination-not-listed rule number
          an output pays an address that the rule's lists do not have
          pay a listed address, or add the address to the policy
        denied-by-rule rule number
          a rule of the policy forbids this
          only a new policy can permit it
        sighash-not-in-rule rule sighashes
          a sighash type that the rule does not permit: others could change the payment
          sign with SIGHASH_ALL, or permit the type in a rule of the policy (sighash = [...])
        no-rule-for-message nothing nothing
          no rule of the policy permits this wallet to sign messages
          only a new policy can permit it: a rule with effect = "allow-messages"
        message-not-matched rule number
          nearest rule: others (1 format, 2 branch, 3 index, 4 text; of coins: 5 branch, 6 index)
          sign what the rule permits; only a new policy can permit more
        outflow-under-minimum rule satoshi
          less leaves the wallet than the rule is for
          a rule for smaller payments would permit it
        fee-under-minimum rule satoshi
          the fee is under the rule's minimum
          raise the fee
        feerate-under-minimum rule rate
          the fee rate is under the rule's minimum
          raise the fee rate
        output-over-maximum rule satoshi
          the largest output that is not ours is over the rule's maximum
          pay less to one destination
        output-under-minimum rule satoshi
          the largest output that is not ours is under the rule's minimum
          a rule for smaller payments would permit it
        input-count rule number
          more or fewer inputs than the rule permits
          choose the coins differently
        output-count rule number
          more or fewer outputs than the rule permits
          pay more or fewer destinations at once
        own-share rule share
          more or less of the outputs comes back to us than the rule permits
          choose the coins differently, or change the policy
        script-kind rule scripts
          an output that is not ours is of a kind that the rule does not permit
          pay to an address of another kind
        lock-time-kind rule locks
          a lock time that the rule does not permit, or none where it wants one
          set the lock time as the rule has it
        replaceability rule either
          the payment says that it can be replaced, or that it cannot, against the rule
          set the sequences of the inputs as the rule has it
        replacement-kind rule either
          the payment replaces another, or replaces none, against the rule
          name what it replaces, or nothing, as the rule has it
        requester rule number
          the rule is not for this client (expected: how many it names; found: the uid)
          ask as a user whom the rule names
        outside-time rule number
          the rule is for other times of the week (found: seconds since 1970)
          ask again at a time of the rule
        approvals-needed rule number
          all that the rule says holds, but people have to approve the payment
          have the groups of approvers that the rule names approve it
        message-form nothing number
          a field of the message's request is out of its bounds
          version 0 or 2; locks for scripts alone; at most 16,384 bytes; 1 to 100 coins or none
        message-text nothing number
          the message is not UTF-8 text that shows as what it is (found: the place of the fault)
          leave out controls but tab and line feed, what is invisible, and changes of direction
        message-format nothing number
          this wallet's addresses have no messages in that format
          use bip322; the legacy format is for pkh, wpkh and sh(wpkh)
        replaced-not-recent nothing nothing
          the payment that is to be replaced is none of the last 112 payments signed here
          sign without --replaces: an ordinary payment, which is charged to the allowance in full
        replaced-mismatch nothing nothing
          what was given as the replaced payment is not what was signed
          give the PSBT of then, not finalized; and before it, in order, what it replaced itself
        replacement-input input nothing
          an input of the replaced payment is missing, changed, or in another place
          spend all its coins again, in their order, with the same sequences; others may be added
        replacement-output output satoshi
          outputs may give less or, if ours, anything; none is new, moved, or missing if another's
          keep the outputs in their order; or sign without --replaces, charged in full
        replacement-lock-time nothing number
          version, lock time, or whether a lock is in effect, is not as in the replaced payment
          keep the version, the lock time and final sequences; or sign without --replaces
        replacement-fee nothing satoshi
          a replacement pays a higher fee, and what a destination loses goes to the fee, not to us
          raise the fee, out of change, added coins or a destination
        replacement-sighash nothing sighashes
          a payment that leaves something open to others neither replaces nor is replaced
          sign without --replaces: an ordinary payment, which is charged to the allowance in full
        wrong-passphrase nothing nothing
          that passphrase does not open the keystore
          try again; if it is surely right, signer/keystore is damaged: put a copy of it back
        damaged-keystore nothing nothing
          the keystore is damaged
          put back a copy of signer/keystore, or restore the words into a new home
        state-missing nothing nothing
          the signer's state record is missing or damaged
          put signer/state back; there is no fresh start
        state-rolled-back nothing number
          the signer's state record is older than the log
          put back the newest signer/state; an old copy was restored
        bundle-mismatch nothing nothing
          the policy is not the one that the signer was made with
          put public/bundle.bin back as it was
        home-mismatch nothing nothing
          keystore, state and policy belong to different homes
          put the files of one home together
        build-too-old nothing number
          the state record was written by a newer release
          use that release or a newer one
        log-behind-signer nothing number
          the log lost entries that the signer has vouched for
          put the whole log back; if it is lost, `portcullis recover` starts a new one
        frontier-mismatch nothing number
          the log is not the one that the signer has vouched for
          put the whole log back; if it is lost, `portcullis recover` starts a new one
        checkpoint-forged nothing number
          the log shows a checkpoint that this signer did not sign
          put the whole log back; if it is lost, `portcullis recover` starts a new one
        leaf-not-shown nothing number
          the gate did not show the log entry of this request
          ask again
        slot-mismatch nothing number
          the request changed between check and release
          ask again
        charge-leaf-mismatch nothing number
          the log entry does not charge this request
          ask again
        time-went-back nothing number
          the gate's time went back
          set the clock right, then ask again
        allowance-exceeded nothing satoshi
          the signer's allowance does not cover this
          an admin can set a new total: portcullis refill
        forged-leaf nothing nothing
          a log entry that the signer did not write
          ask again
        not-in-tree nothing number
          a log entry that is not in the log
          ask again
        statement-mismatch nothing nothing
          the statement was not signed by an admin, or is about another home, log, state or total
          sign exactly the text that was shown, as it is now, with the key of an admin
        quorum-not-reached nothing number
          too few good signatures by admins of the policy
          collect signatures of more admins
        events-pending nothing number
          the log does not show yet what the signer did
          ask again
        slot-empty nothing number
          the signer has forgotten the check of this request
          ask again
        damaged-bundle nothing nothing
          the compiled policy cannot be read
          put public/bundle.bin back as it was
        already-held nothing nothing
          a statement is held already and waits for the unlock
          unlock, or lock and begin again
        limit-exceeded limit number
          a limit of the policy is used up for now
          wait until earlier payments leave the window, or pay less
        busy nothing nothing
          too many requests at once
          ask again in a moment
        timed-out nothing number
          the request did not arrive in time
          ask again
        too-large nothing number
          the request is too large
          split the transaction into several
        not-serving nothing nothing
          the signer is locked
          portcullis unlock
        signer-gone nothing nothing
          the signer went away before it answered
          unlock, then ask again: nothing is charged twice
        log-poisoned nothing nothing
          the log could not be written; nothing is signed any more
          see that the disk is sound, has room and lets the gate write gate/, then start again
        malformed-frame nothing number
          the gate could not read the request
          use front and gate of the same release
        requester-not-permitted nothing number
          this user may not ask, or not this, at that socket
          ask the front; or, of the group of clients.sock, sign with --direct
        internal-fault nothing number
          a fault inside the gate
          see its messages; please report it
        journal-mark nothing nothing
          the request holds the mark by which the journal knows its own batches
          make the payment without it; no honest program writes it
        limit-memory-full limit number
          more destinations with limits of their own are to be remembered than the gate has room for
          begin a new log with `recover`, or take such a limit out of the policy
        """
}
