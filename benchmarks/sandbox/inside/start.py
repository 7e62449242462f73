"""What is started as the sandbox: it takes the package's modules from a file, already compiled."""

import marshal
import os
import sys
import types

file = int(sys.argv[4])
package, modules = marshal.loads(os.pread(file, os.fstat(file).st_size, 0))
os.close(file)
for name, code in modules:
    module = sys.modules[name] = types.ModuleType(name)
    module.__package__ = package
    exec(code, module.__dict__)
module.main()
