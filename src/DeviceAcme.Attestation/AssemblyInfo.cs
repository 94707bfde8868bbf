using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("DeviceAcme.Tests")]
