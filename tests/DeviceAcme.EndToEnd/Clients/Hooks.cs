using DeviceAcme.Testing;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>Scripts that clients call to have a challenge answered.</summary>
internal static class Hooks
{
    public static string Path(string name) => System.IO.Path.Combine(RepositoryFiles.Root, "tests", "DeviceAcme.EndToEnd", "Clients", name);
}
