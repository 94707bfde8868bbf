using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Sync;

/// <summary>The inventories of <c>--sync</c>.</summary>
internal sealed class InventorySources(ServerOptions options, SecretFolder secrets)
{
    public IReadOnlyList<IInventorySource> All { get; } = Read(options, secrets, new Mistakes());

    public IInventorySource? Find(string name) => All.FirstOrDefault(source => source.Settings.Name == name);

    /// <summary>Notes what is wrong with the file.</summary>
    public static void Check(ServerOptions options, SecretFolder secrets, Mistakes mistakes) => Read(options, secrets, mistakes);

    private static IReadOnlyList<IInventorySource> Read(ServerOptions options, SecretFolder secrets, Mistakes mistakes) =>
        options.SyncFile is { } file ? [.. SyncFile.Read(file, secrets, mistakes).Select(settings => new HttpJsonSource(settings, secrets))] : [];
}
