import ArgumentParser
import Bitcoin
import Front
import Wallet

/// Where the result of a command about PSBTs goes.
struct PSBTOutOptions: ParsableArguments {
    @Option(
        name: [.short, .customLong("out")],
        help: "Where the result goes; a PSBT in binary if it is named *.psbt, else base64."
    )
    var out: String?
}

/// The document of the commands that give a PSBT.
struct PSBTDocument: Encodable {
    var psbt: String
    var version: UInt32
    var txid: String
    var inputs: Int
    var outputs: Int
    /// The inputs that are final.
    var finalInputs: Int
    /// Whether every input is.
    var complete: Bool
    /// The places that an update found something for.
    var updatedInputs: [Int]?
    var updatedOutputs: [Int]?
    /// What keeps inputs from being final, where that was permitted.
    var remarks: [String]?
    var out: String?
}

extension CommonOptions {
    /// Gives a PSBT as the options ask.
    func finish(
        _ psbt: PSBT,
        _ place: PSBTOutOptions,
        described: PSBT.Described? = nil,
        remarks: [String]? = nil
    ) throws(FrontError) {
        let bytes = psbt.bytes
        guard bytes.count <= PSBT.byteCountMax else {
            throw .failed("the PSBT would have \(bytes.count) bytes; at most \(PSBT.byteCountMax)")
        }
        let text = PSBTText.encode(bytes)
        let finals = psbt.inputs.count { $0.isFinal }
        let document = PSBTDocument(
            psbt: String(decoding: text, as: UTF8.self),
            version: psbt.version.rawValue,
            txid: psbt.transaction.id.description,
            inputs: psbt.inputs.count,
            outputs: psbt.outputs.count,
            finalInputs: finals,
            complete: finals == psbt.inputs.count && finals > 0,
            updatedInputs: described?.inputs,
            updatedOutputs: described?.outputs,
            remarks: remarks,
            out: place.file
        )
        let isBinary = place.out?.hasSuffix(".psbt") ?? false
        try finish(document, isBinary ? bytes : text + [0x0A], place, remarks ?? [])
    }

    /// Gives a result as bytes: into the file, or on standard output.
    func finish(
        _ document: some Encodable,
        _ bytes: [UInt8],
        _ place: PSBTOutOptions,
        _ remarks: [String]
    ) throws(FrontError) {
        if let file = place.file { try OutputFile(file).finish(bytes) }
        if json {
            try output.finish(document, words: remarks)
        } else {
            output.say(remarks)
            if place.file == nil { try Output.result(bytes) }
        }
    }
}

extension PSBTOutOptions {
    /// The file, unless standard output is meant.
    var file: String? { out == "-" ? nil : out }
}

extension PSBTFile {
    /// Reads a PSBT, whole and by its rules.
    static func psbt(_ path: String) throws(FrontError) -> PSBT {
        let given = try read(path)
        return try PSBTReading(given.bytes).psbt
    }
}

/// Turns what the wallet module refuses into a report.
enum PSBTWork {
    static func run<Value>(
        _ work: () throws(PSBTError) -> Value
    ) throws(FrontError) -> Value {
        do throws(PSBTError) {
            return try work()
        } catch {
            throw .refused(RefusalReport(error))
        }
    }

    static func ask<Value>(
        _ work: () throws(RequestError) -> Value
    ) throws(FrontError) -> Value {
        do throws(RequestError) {
            return try work()
        } catch {
            throw .refused(RefusalReport(error))
        }
    }
}
