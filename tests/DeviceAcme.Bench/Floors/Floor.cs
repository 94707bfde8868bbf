namespace DeviceAcme.Bench.Floors;

/// <summary>Lines of a floor that belong together.</summary>
internal sealed record CostGroup(string Name, IReadOnlyList<Cost> Costs)
{
    public double Microseconds => Costs.Sum(cost => cost.Total);
}

/// <summary>What one enrollment of a kind cannot do without, in processor time of the server.</summary>
internal sealed record Floor(string Kind, IReadOnlyList<CostGroup> Groups)
{
    public double Microseconds => Groups.Sum(group => group.Microseconds);

    /// <summary>The mean of the same floor measured twice, before and after what it is compared with.</summary>
    public Floor Mean(Floor other) => this with
    {
        Groups = [.. Groups.Zip(other.Groups, (one, two) => one with
        {
            Costs = [.. one.Costs.Zip(two.Costs, (first, second) => first with { Microseconds = (first.Microseconds + second.Microseconds) / 2 })],
        })],
    };
}
