import CLinux

// The signer's process. What it does is in the module Signer; this file reads the arguments, takes
// over the descriptors that the supervisor set up, and confines the process in between. Nothing at
// all comes before the lock: no secret may meet a page that can be swapped.
linux_exit(runLocked())
