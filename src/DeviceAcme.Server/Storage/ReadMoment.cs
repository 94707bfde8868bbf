using System.Data.Common;

namespace DeviceAcme.Server.Storage;

/// <summary>The store as it is at one moment: what is written meanwhile is not seen.</summary>
internal sealed class ReadMoment(AcmeContext context, DbTransaction transaction) : IAsyncDisposable
{
    public AcmeContext Context => context;

    public async ValueTask DisposeAsync()
    {
        var connection = transaction.Connection!;
        await context.DisposeAsync();
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
