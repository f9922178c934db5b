import ArgumentParser

// The command line of Portcullis. Exit statuses are a contract (docs/cli.md), so they are set here
// and not left to the argument parser.
exitWith(Portcullis.runFromArguments())
