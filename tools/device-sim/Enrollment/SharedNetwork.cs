namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A network of many hosts, which none of them ends.</summary>
internal sealed class SharedNetwork(IHostNetwork network) : IHostNetwork
{
    public void Serve(string token, string keyAuthorization) => network.Serve(token, keyAuthorization);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
