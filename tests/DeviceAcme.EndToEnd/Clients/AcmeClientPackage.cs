using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>The npm package acme-client in a small program that answers with files.</summary>
internal sealed class AcmeClientPackage(RunningServer server, string folder) : IStockClient
{
    // kept from one run to the next, as the build keeps its packages
    private static readonly string Modules = Path.Combine(RepositoryFiles.Root, ".dev", "npm");
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(4);

    /// <summary>Where its answers to http-01 and tls-alpn-01 are.</summary>
    public string Answers => Directory.CreateDirectory(Path.Combine(folder, "answers")).FullName;

    /// <summary>Installs the version that package.json pins, unless it is there.</summary>
    public static async Task Install()
    {
        Directory.CreateDirectory(Modules);
        File.Copy(Hooks.Path("package.json"), Path.Combine(Modules, "package.json"), overwrite: true);
        (await Programs.Run("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], folder: Modules, limit: InstallLimit)).ShouldExit(0);
    }

    public Task Enroll(string challenge, params string[] names) => Run("enroll", challenge, names);

    public Task Renew(string challenge, params string[] names) => Run("enroll", challenge, names);

    public Task Revoke(params string[] names) => Run("revoke", "http-01", names);

    public string ChainFile(string name) => Path.Combine(folder, "chain.pem");

    private async Task Run(string command, string challenge, string[] names) => (await Programs.Run(
        "node",
        [Hooks.Path("acme-client.cjs"), command, folder, server.DirectoryUrl, challenge, .. names],
        new Dictionary<string, string>
        {
            ["NODE_PATH"] = Path.Combine(Modules, "node_modules"),
            ["NODE_EXTRA_CA_CERTS"] = server.Root,
            ["ANSWERS"] = Answers,
            ["TXT_RECORDS"] = server.TxtRecords,
        })).ShouldExit(0);
}
