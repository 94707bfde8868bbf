using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("DeviceAcme.Tests")]
[assembly: InternalsVisibleTo("DeviceAcme.Fuzz")]
