using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Revocation;

namespace DeviceAcme.Server.Workers;

/// <summary>
/// What a node does because it is not alone: every two seconds it takes over the versions of profiles and anchors that other nodes put into force, and
/// the CRLs that they published; now and then it forgets spent nonces and ended leases.
/// </summary>
internal sealed partial class NodeWatch(
    ProfileVersions profiles, ProfileNeeds needs, AnchorVersions anchors, CrlPublisher crls, SharedNonces nonces, SharedLeases leases, TimeProvider time, ILogger<NodeWatch> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CleaningInterval = TimeSpan.FromMinutes(10);

    private DateTimeOffset _cleaned;
    private string? _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(Look, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookOnce(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopped(log);
        }
    }

    /// <summary>Follows the other nodes.</summary>
    internal async Task LookAround(CancellationToken cancellation)
    {
        if (await anchors.Follow(cancellation))
        {
            FollowedAnchors(log, anchors.Current.Number);
        }

        if (await profiles.Follow(newest => needs.Follow(newest.Set.All, cancellation), cancellation))
        {
            FollowedProfiles(log, profiles.Current.Number);
        }

        // also of a version that was taken over where a change of this node met it
        await needs.Follow(profiles.All, cancellation);
        await crls.Follow(cancellation);
        var now = time.GetUtcNow();
        if (now - _cleaned >= CleaningInterval || now < _cleaned)
        {
            _cleaned = now;
            await nonces.Clean(now, cancellation);
            await leases.Clean(cancellation);
        }
    }

    private async Task LookOnce(CancellationToken stopping)
    {
        try
        {
            await LookAround(stopping);
            _told = null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // the database is being restarted, or this node lacks what a new version needs: the next look tries again, and one word about it is enough
            if (_told != failure.Message)
            {
                Failed(log, failure);
                _told = failure.Message;
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "version {Number} of the profiles is in force, which another node made")]
    private static partial void FollowedProfiles(ILogger log, int number);

    [LoggerMessage(LogLevel.Information, "version {Number} of the anchor set is in force, which another node made")]
    private static partial void FollowedAnchors(ILogger log, int number);

    [LoggerMessage(LogLevel.Error, "what other nodes changed could not be taken over; what is in force here stays, and each look tries again")]
    private static partial void Failed(ILogger log, Exception failure);

    [LoggerMessage(LogLevel.Debug, "other nodes are no longer watched")]
    private static partial void Stopped(ILogger log);
}
